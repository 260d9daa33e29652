package record

import (
	"fmt"
)

// addGrease adds an unknown member to the line that was added last, or an
// unknown record behind it. It depends on the running number alone, so runs
// can be compared.
func (w *Writer) addGrease() {
	if w.seq%3 == 1 {
		w.pending = w.pending[:len(w.pending)-2] // "}\n"
		w.pending = fmt.Appendf(w.pending, ",\"grease_%d\":{\"of\":[%d,null]}}\n", w.seq%7, w.seq)
	}
	if w.seq%5 == 2 {
		w.seq++
		w.pending = fmt.Appendf(w.pending, "{\"type\":\"grease-%d\",\"v\":9,\"ts\":%q,\"by\":%q,\"run\":%q,\"seq\":%d,\"ip\":7}\n",
			w.seq%3, w.now().UTC().Format(timeLayout), w.by, w.run, w.seq)
	}
}
