package forecast

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	maxLine   = 1 << 20   // bytes of a call
	blockSize = 128 << 10 // bytes of lines that are read together
)

// Source is a file of calls: JSON objects, one a line, gzip or not.
type Source struct {
	Name string
	// Open opens it from its beginning. A sample opens it twice.
	Open func() (io.ReadCloser, error)
}

// block is a number of lines.
type block struct {
	seq    int // place among all blocks
	source int
	people bool // of the sources of people
	line   int  // number of its first line, from 1
	data   []byte
	ends   []int // of the lines; a line that is too long is empty, with its end negative
}

// blocks cuts sources into blocks, in order.
func blocks(ctx context.Context, people, log []Source, give func(*block) error) error {
	seq := 0
	for i := range len(people) + len(log) {
		src, isPeople := Source{}, i < len(people)
		if isPeople {
			src = people[i]
		} else {
			src = log[i-len(people)]
		}
		err := cut(src, func(b *block) error {
			b.seq, b.source, b.people = seq, i, isPeople
			seq++
			if err := ctx.Err(); err != nil {
				return err
			}
			return give(b)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// cut cuts one source into blocks.
func cut(src Source, give func(*block) error) error {
	f, err := src.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := unzipped(f)
	if err != nil {
		return fmt.Errorf("%s: %w", src.Name, err)
	}
	br := bufio.NewReaderSize(r, maxLine)
	line := 1
	for end := false; !end; {
		b := &block{line: line, data: make([]byte, 0, blockSize+blockSize/4)}
		for len(b.data) < blockSize && !end {
			text, err := br.ReadSlice('\n')
			switch {
			case errors.Is(err, bufio.ErrBufferFull):
				err = skipLine(br)
				b.ends = append(b.ends, -1)
			case len(text) > 0:
				b.data = append(b.data, text...)
				b.ends = append(b.ends, len(b.data))
			}
			if end = errors.Is(err, io.EOF); err != nil && !end {
				return fmt.Errorf("%s, after line %d: %w", src.Name, line+len(b.ends)-1, err)
			}
		}
		line += len(b.ends)
		if len(b.ends) == 0 {
			return nil
		}
		if err := give(b); err != nil {
			return err
		}
	}
	return nil
}

// skipLine passes over the rest of a line.
func skipLine(br *bufio.Reader) error {
	for {
		_, err := br.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// unzipped is what a reader holds, unpacked if it is packed.
func unzipped(r io.Reader) (io.Reader, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	if head, _ := br.Peek(2); !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return br, nil
	}
	z, err := gzip.NewReader(br)
	if err != nil {
		return nil, fmt.Errorf("it cannot be unpacked: %w", err)
	}
	return z, nil
}

// lines calls f with each line of a block and its number; long says that it
// is too long.
func (b *block) lines(f func(n int, text []byte, long bool)) {
	start := 0
	for i, end := range b.ends {
		if end < 0 {
			f(b.line+i, nil, true)
			continue
		}
		f(b.line+i, bytes.TrimSpace(b.data[start:end]), false)
		start = end
	}
}
