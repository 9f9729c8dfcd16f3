package addon

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/filter"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
)

const (
	// version is the "v" of a hello.
	version = 1
	// helloTime is what an add-on has to say which messages it wants.
	helloTime = 10 * time.Second
	// defaultDeadline is what it has for an answer if it does not say, maxDeadline the most
	// that it may ask for.
	defaultDeadline = time.Second
	maxDeadline     = time.Minute
	// endTime is what it has to end by itself when its input has ended.
	endTime = time.Second
	// maxLine is how long a line of it may be.
	maxLine = 1 << 20
	// maxQueued are the bytes that wait for it to read them.
	maxQueued = 8 << 20
	// maxDone is how many answers are remembered, to tell what is answered twice.
	maxDone = 1024
	// maxSays is how many lines on its standard error are told in a second, maxSaid how much
	// of each.
	maxSays = 20
	maxSaid = 1000
)

// Options say what an add-on runs with.
type Options struct {
	// Name stands in changed_by: "addon 1".
	Name string
	// Command is split by [Words], and run without a shell.
	Command string
	// Ask writes a message as a JSON line, with "id", its number.
	Ask func(m *decode.Message) []byte
	// Remark tells people, in a line.
	Remark func(text string)
	// Changed tells the gate that the add-on wants nothing any more.
	Changed func()
}

// hello is what an add-on says first.
type hello struct {
	V        int     `json:"v"`
	Want     string  `json:"want"`
	Deadline float64 `json:"deadline_ms"`
	Late     string  `json:"late"`
}

// Addon is a process that decides on messages. It is a stage of the gate.
type Addon struct {
	o        Options
	cmd      *exec.Cmd
	in       io.WriteCloser
	want     *filter.Filter // of the desk's goroutine
	interest filter.Interest
	deadline time.Duration
	late     []action.Action

	mu      sync.Mutex
	pending map[int64]*question
	done    []int64 // answered, or too late, the newest last
	queue   [][]byte
	queued  int
	some    sync.Cond // something to write, or the end
	over    bool      // the process has ended, or is to
	ending  bool      // the program ends
	told    map[string]int
	ended   chan struct{}
}

// question is a message that was asked about.
type question struct {
	a      *Addon
	id     int64
	line   []byte
	decide func(do []action.Action, by string) error
	timer  *time.Timer
}

// Start runs an add-on, and waits until it says what it wants.
func Start(o Options) (*Addon, error) {
	words, err := Words(o.Command)
	if err != nil {
		return nil, err
	}
	a := &Addon{o: o, cmd: exec.Command(words[0], words[1:]...), pending: make(map[int64]*question), told: make(map[string]int), ended: make(chan struct{})}
	a.some.L = &a.mu
	apart(a.cmd)
	if a.in, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, says, err := a.start()
	if err != nil {
		return nil, fmt.Errorf("it can't be started: %w", err)
	}
	r := bufio.NewReaderSize(out, 64<<10)
	first := make(chan error, 1)
	greeted := make(chan bool, 1)
	var reading sync.WaitGroup
	reading.Add(2)
	go func() {
		defer reading.Done()
		line, _, err := readLine(r)
		if err != nil {
			err = errors.New("it ended before it said which messages it wants")
		} else {
			err = a.greet(line)
		}
		first <- err
		if <-greeted && err == nil {
			a.read(r)
		}
		_, _ = io.Copy(io.Discard, r)
	}()
	go func() {
		defer reading.Done()
		a.listen(bufio.NewReader(says))
	}()
	read := make(chan struct{})
	go func() { reading.Wait(); close(read) }()
	go a.wait(read, out, says)
	late := time.NewTimer(helloTime)
	defer late.Stop()
	select {
	case err = <-first:
	case <-late.C:
		err = fmt.Errorf("it has not said within %v which messages it wants: one line, {\"v\": 1, \"want\": \"...\"}, and flushed", helloTime)
	}
	greeted <- err == nil
	if err != nil {
		a.mu.Lock()
		a.ending = true
		a.mu.Unlock()
		kill(a.cmd)
		<-a.ended
		return nil, err
	}
	go a.write()
	return a, nil
}

// start starts the process. The pipes are not the command's, as its own end with it, and
// what it wrote last is to be read.
func (a *Addon) start() (out, says *os.File, err error) {
	out, outEnd, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	says, saysEnd, err := os.Pipe()
	if err != nil {
		out.Close()
		outEnd.Close()
		return nil, nil, err
	}
	a.cmd.Stdout, a.cmd.Stderr = outEnd, saysEnd
	err = a.cmd.Start()
	outEnd.Close()
	saysEnd.Close()
	if err != nil {
		out.Close()
		says.Close()
		return nil, nil, err
	}
	return out, says, nil
}

// greet takes the first line.
func (a *Addon) greet(line []byte) error {
	var h hello
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return fmt.Errorf("its first line is not as wanted, {\"v\": 1, \"want\": \"...\", \"deadline_ms\": 200, \"late\": \"forward\"}: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if h.V != version {
		return fmt.Errorf("it speaks version %d (\"v\" in its first line); this is version %d", h.V, version)
	}
	a.interest = filter.Interest{Client: filter.Verbs{All: true}, Server: filter.Verbs{All: true}}
	if h.Want != "" {
		f, err := filter.Compile(h.Want)
		if err != nil {
			return fmt.Errorf("want: %w", err)
		}
		a.want, a.interest = f, f.Interest()
	}
	a.deadline = defaultDeadline
	if h.Deadline != 0 {
		a.deadline = time.Duration(h.Deadline * float64(time.Millisecond))
		if h.Deadline < 1 || h.Deadline > float64(maxDeadline/time.Millisecond) {
			return fmt.Errorf("deadline_ms is %v; it goes from 1 to %d", h.Deadline, maxDeadline/time.Millisecond)
		}
	}
	switch h.Late {
	case "", action.Forward.String():
	case action.Drop.String():
		a.late = []action.Action{{Kind: action.Drop}}
	default:
		return fmt.Errorf("late is %q; it is forward or drop", h.Late)
	}
	return nil
}

// Name implements gate.Stage.
func (a *Addon) Name() string { return a.o.Name }

// Interest implements gate.Stage.
func (a *Addon) Interest() filter.Interest {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return filter.Interest{}
	}
	return a.interest
}

// Look implements gate.Stage.
func (a *Addon) Look(m *decode.Message, _ *action.Effect) gate.Waiter {
	if a.want != nil {
		if ok, err := a.want.Match(m); err != nil || !ok {
			return nil
		}
	}
	a.mu.Lock()
	over, full := a.over, a.queued > maxQueued
	a.mu.Unlock()
	if over {
		return nil
	}
	if full {
		go a.once("slow", "it reads too slowly: %d bytes wait for it; what it is not asked about is treated as late", maxQueued)
		return &question{a: a, id: m.Number}
	}
	return &question{a: a, id: m.Number, line: a.o.Ask(m)}
}

// Begin implements gate.Waiter.
func (q *question) Begin(_ gate.Held, decide func(do []action.Action, by string) error) {
	a := q.a
	q.decide = decide
	a.mu.Lock()
	if a.over {
		a.mu.Unlock()
		go a.carryOut(q, nil)
		return
	}
	if q.line == nil {
		a.mu.Unlock()
		go a.carryOut(q, a.late)
		return
	}
	a.pending[q.id] = q
	q.timer = time.AfterFunc(a.deadline, q.expire)
	a.put(q.line)
	a.mu.Unlock()
}

// expire decides on a message that was not answered in time.
func (q *question) expire() {
	a := q.a
	if a.take(q.id) == nil {
		return
	}
	what := "forwarded"
	if a.late != nil {
		what = "dropped"
	}
	a.once("late", "it has not answered within %v about message %d, which was %s", a.deadline, q.id, what)
	a.carryOut(q, a.late)
}

// take takes a question away, to be decided; nil: it was already.
func (a *Addon) take(id int64) *question {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := a.pending[id]
	if q == nil {
		return nil
	}
	delete(a.pending, id)
	q.timer.Stop()
	if a.done = append(a.done, id); len(a.done) > maxDone {
		a.done = a.done[1:]
	}
	return q
}

// carryOut decides; what can't be done is told, and the message forwarded.
func (a *Addon) carryOut(q *question, do []action.Action) {
	err := q.decide(do, a.o.Name)
	if err == nil || errors.Is(err, gate.ErrNotHeld) { // somebody else has decided
		return
	}
	a.once("action", "what it wants done can't be: %v; the message was forwarded", err)
	_ = q.decide(nil, a.o.Name)
}

// wait waits for the end of the process. Then everything passes.
func (a *Addon) wait(read <-chan struct{}, pipes ...io.Closer) {
	defer close(a.ended)
	err := a.cmd.Wait()
	select {
	case <-read:
	case <-time.After(endTime): // what it has started goes on, and holds the pipes
	}
	for _, p := range pipes {
		p.Close()
	}
	<-read
	a.mu.Lock()
	ending := a.ending
	a.over = true
	a.some.Broadcast()
	open := make([]*question, 0, len(a.pending))
	for _, q := range a.pending {
		q.timer.Stop()
		open = append(open, q)
	}
	clear(a.pending)
	told := maps.Clone(a.told)
	a.mu.Unlock()
	a.o.Changed()
	slices.SortFunc(open, func(x, y *question) int { return int(x.id - y.id) })
	for _, q := range open {
		a.carryOut(q, nil)
	}
	for _, kind := range slices.Sorted(maps.Keys(told)) {
		if n := told[kind]; n > 1 {
			a.remark(fmt.Sprintf("%s: %d times", kinds[kind], n))
		}
	}
	if ending {
		return
	}
	how := "has ended"
	if err != nil {
		how = fmt.Sprintf("has ended (%v)", err)
	}
	a.remark(fmt.Sprintf("it %s: everything passes from now on, and so did what it had not answered about (%d)", how, len(open)))
}

// Close ends the process: its input ends, and soon afterwards it.
func (a *Addon) Close() {
	a.mu.Lock()
	a.ending, a.over = true, true
	a.some.Broadcast()
	a.mu.Unlock()
	a.o.Changed()
	late := time.NewTimer(endTime)
	defer late.Stop()
	select {
	case <-a.ended:
		return
	case <-late.C:
	}
	kill(a.cmd)
	<-a.ended
}
