package cmdline

import (
	"fmt"
	"io"
	"net"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// progressEvery is how often the line is painted.
const progressEvery = 500 * time.Millisecond

// wipe empties the line, and those below that a terminal made narrower has
// broken it into.
const wipe = "\r\033[J"

// clean begins every remark on an empty line: in a terminal, a command of the
// pipe may just have painted its progress there.
type clean struct{ io.Writer }

func (c clean) Write(b []byte) (int, error) {
	if n, err := io.WriteString(c.Writer, wipe); err != nil {
		return n, err
	}
	return c.Writer.Write(b)
}

// progress is the line in which a person sees what goes on. Several commands
// of a pipe share one terminal: the first of them paints for all, the others
// send it their words over a socket named after the process group.
type progress struct {
	name   string
	status func() string
	out    *os.File

	mu    sync.Mutex
	parts map[int]part // by process id, so in the order of the pipe

	painter *net.UnixConn
	quit    chan struct{}
	wait    sync.WaitGroup
}

type part struct {
	text string
	at   time.Time
}

// startProgress returns nil unless a person watches and records go elsewhere.
func startProgress(s *Session, out *os.File) *progress {
	people, ok := s.People.(*os.File)
	toFile := !term.IsTerminal(int(out.Fd())) || s.command.Role == Sink
	if !ok || !term.IsTerminal(int(people.Fd())) || !toFile || s.Bool("quiet") || s.command.Role == Tool {
		return nil
	}
	p := &progress{name: s.command.Name, out: people, parts: map[int]part{}, quit: make(chan struct{})}
	p.wait.Add(1)
	go p.run()
	return p
}

// Progress sets what the progress line says of this command, such as "40 held,
// 3 confirmed". The function is called from another goroutine.
func (s *Session) Progress(status func() string) {
	if s.progress == nil {
		return
	}
	s.progress.mu.Lock()
	defer s.progress.mu.Unlock()
	s.progress.status = status
}

func (p *progress) stop() {
	if p == nil {
		return
	}
	close(p.quit)
	p.wait.Wait()
}

func socketName() *net.UnixAddr {
	return &net.UnixAddr{Name: fmt.Sprintf("@btkit-progress-%d", unix.Getpgrp()), Net: "unixgram"}
}

func (p *progress) run() {
	defer p.wait.Done()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			p.leave()
			return
		case <-tick.C:
			p.tick()
		}
	}
}

func (p *progress) leave() {
	if p.painter != nil {
		fmt.Fprint(p.out, wipe)
		p.painter.Close()
	}
}

func (p *progress) tick() {
	p.mu.Lock()
	status := p.status
	p.mu.Unlock()
	if status == nil {
		return
	}
	text := strings.TrimPrefix(strings.TrimPrefix(p.name, "bt-"), "peers-") + " " + status()
	if p.painter == nil && p.send(text) {
		return
	}
	if p.painter == nil && !p.listen() {
		return
	}
	p.hear()
	p.paint(text)
}

// send gives our words to whoever paints; false means that nobody does.
func (p *progress) send(text string) bool {
	conn, err := net.DialUnix("unixgram", nil, socketName())
	if err != nil {
		return false
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "%d %s", os.Getpid(), text)
	return err == nil
}

func (p *progress) listen() bool {
	conn, err := net.ListenUnixgram("unixgram", socketName())
	if err != nil {
		return false
	}
	p.painter = conn
	return true
}

// hear takes what the others have sent since the last time.
func (p *progress) hear() {
	buf := make([]byte, 512)
	for range 64 { // more than there are commands in any pipe
		p.painter.SetReadDeadline(time.Now().Add(time.Millisecond))
		n, err := p.painter.Read(buf)
		if err != nil {
			return
		}
		var pid int
		if _, err := fmt.Sscan(string(buf[:n]), &pid); err != nil {
			continue
		}
		_, text, _ := strings.Cut(string(buf[:n]), " ")
		p.parts[pid] = part{text: text, at: time.Now()}
	}
}

func (p *progress) paint(own string) {
	p.parts[os.Getpid()] = part{text: own, at: time.Now()}
	var pids []int
	for pid, part := range p.parts {
		if time.Since(part.at) > 3*progressEvery {
			delete(p.parts, pid)
			continue
		}
		pids = append(pids, pid)
	}
	sort.Ints(pids)
	texts := make([]string, len(pids))
	for i, pid := range pids {
		texts[i] = p.parts[pid].text
	}
	width, _, err := term.GetSize(int(p.out.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	fmt.Fprintf(p.out, "%s%s", wipe, fit(texts, width))
}

// fit joins the words of the commands for a terminal. Commands that do not fit
// are left out on the left, since results stand on the right; a single one that
// does not is cut at its end. Three columns stay free, for the cursor and the
// ^C that a terminal adds; it would begin a new line otherwise.
func fit(texts []string, width int) string {
	line := []rune(strings.Join(texts, " · "))
	for i := 1; i < len(texts) && len(line) > width-3; i++ {
		line = []rune("… · " + strings.Join(texts[i:], " · "))
	}
	if len(line) <= width-3 {
		return string(line)
	}
	line = []rune(texts[len(texts)-1])
	if len(line) > width-3 {
		line = append(line[:width-4], '…')
	}
	return string(line)
}
