package imports

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Encodings are the names of the encodings that can be said.
var encodings = []struct {
	name string
	of   encoding.Encoding // nil: UTF-8
}{
	{"UTF-8", nil},
	{"Big5", traditionalchinese.Big5},
	{"CP1252", charmap.Windows1252},
	{"UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
}

// sampleSize is how much of a file is looked at to find out what it is, in
// bytes.
const sampleSize = 64 << 10

// decoded reads a file as UTF-8. name is the encoding, "": to be found.
func decoded(r io.Reader, name string) (text *bufio.Reader, found string, err error) {
	raw := bufio.NewReaderSize(r, sampleSize)
	sample, err := raw.Peek(sampleSize)
	if err != nil && err != io.EOF {
		return nil, "", fmt.Errorf("read the file: %w", err)
	}
	if err := notText(sample); err != nil {
		return nil, "", err
	}
	if name == "" {
		name = encodingOf(sample)
	}
	for _, e := range encodings {
		if !strings.EqualFold(e.name, name) {
			continue
		}
		if e.of == nil {
			if bytes.HasPrefix(sample, mark8) {
				_, _ = raw.Discard(len(mark8))
				return raw, "UTF-8 with mark", nil
			}
			return raw, e.name, nil
		}
		return bufio.NewReaderSize(transform.NewReader(raw, e.of.NewDecoder()), sampleSize), e.name, nil
	}
	return nil, "", fmt.Errorf("the encoding %q is unknown: there are UTF-8, Big5, CP1252 and UTF-16", name)
}

var (
	mark8    = []byte("\xef\xbb\xbf")
	mark16le = []byte("\xff\xfe")
	mark16be = []byte("\xfe\xff")
)

// notText says what a file is that is no table of text.
func notText(sample []byte) error {
	switch {
	case len(bytes.TrimSpace(bytes.TrimPrefix(sample, mark8))) == 0:
		return errors.New("the file is empty: it needs a line of column names and rows below")
	case bytes.HasPrefix(sample, []byte("PK\x03\x04")):
		return errors.New("the file is an Excel workbook (or another archive): save it as CSV (in Excel: Save As, CSV UTF-8) and import that")
	case bytes.HasPrefix(sample, []byte("\xd0\xcf\x11\xe0")):
		return errors.New("the file is an old Excel workbook: save it as CSV and import that")
	case bytes.HasPrefix(sample, []byte("%PDF")):
		return errors.New("the file is a PDF: export the data as CSV and import that")
	case bytes.HasPrefix(sample, []byte("\x1f\x8b")):
		return errors.New("the file is compressed with gzip: decompress it first")
	case bytes.HasPrefix(sample, mark16le) || bytes.HasPrefix(sample, mark16be):
		return nil
	case bytes.IndexByte(sample, 0) >= 0:
		return errors.New("the file is no text: export the data as CSV and import that")
	}
	return nil
}

// encodingOf guesses the encoding of a text by its beginning.
func encodingOf(sample []byte) string {
	if bytes.HasPrefix(sample, mark16le) || bytes.HasPrefix(sample, mark16be) {
		return "UTF-16"
	}
	if bytes.HasPrefix(sample, mark8) || validUTF8(sample) {
		return "UTF-8"
	}
	if looksBig5(sample) {
		return "Big5"
	}
	return "CP1252"
}

// validUTF8 is utf8.Valid for a text that may be cut off.
func validUTF8(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		b = b[n:]
	}
	return true
}

// looksBig5 says whether bytes are pairs as Big5 has them, most of them among
// its usual characters (lead bytes A1 to C6). Letters with accents in CP1252,
// which may form pairs too, lie above.
func looksBig5(b []byte) bool {
	usual, all := 0, 0
	for i := 0; i < len(b); i++ {
		lead := b[i]
		if lead < 0x80 {
			continue
		}
		if i+1 == len(b) {
			break
		}
		trail := b[i+1]
		if lead < 0x81 || lead == 0xff || !(trail >= 0x40 && trail <= 0x7e || trail >= 0xa1 && trail <= 0xfe) {
			return false
		}
		all++
		if lead >= 0xa1 && lead <= 0xc6 {
			usual++
		}
		i++
	}
	return all > 0 && usual*10 >= all*6
}
