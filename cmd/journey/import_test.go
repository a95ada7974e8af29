package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// imported answers an import as a server does: rows without a number in front
// are refused, and those that came before are known.
func (a *adminAPI) imported(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	lines := strings.Split(strings.TrimSpace(string(body)), "\n")
	if len(lines) < 2 {
		problemJSON(w, http.StatusBadRequest, map[string]any{"detail": "the file is empty: it needs a line of column names and rows below", "code": "bad-file"})
		return
	}
	sum := map[string]any{"import": "customers", "format": "csv", "encoding": "UTF-8", "separator": "comma", "rows": len(lines) - 1, "complete": true, "line": len(lines)}
	stored, known, refused := 0, 0, 0
	if a.imports == nil {
		a.imports = map[string]bool{}
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	for i, line := range lines[1:] {
		switch {
		case strings.HasPrefix(line, ","):
			refused++
			fmt.Fprintf(w, `{"row":%d,"column":"客戶編號","reason":"is empty, and nothing else in the row identifies anybody","refused":true}`+"\n", i+2)
		case a.imports[line]:
			known++
		default:
			a.imports[line] = true
			stored++
		}
	}
	sum["stored"], sum["known"], sum["refused"], sum["problems"] = stored, known, refused, refused
	b, _ := json.Marshal(map[string]any{"progress": sum})
	fmt.Fprintf(w, "%s\n", b)
	if strings.Contains(string(body), "broken") {
		sum["error"], sum["complete"] = map[string]any{"detail": "the store of people cannot be reached at the moment"}, false
	}
	b, _ = json.Marshal(map[string]any{"done": sum})
	fmt.Fprintf(w, "%s\n", b)
}
