package addon

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"msnproxy/proxy/gate/action"
)

// put has a line written. a.mu is held.
func (a *Addon) put(line []byte) {
	a.queue = append(a.queue, line)
	a.queued += len(line)
	a.some.Signal()
}

// Tell tells the add-on of something that is no message, in a JSON line, if it reads.
func (a *Addon) Tell(line []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.over && a.queued <= maxQueued {
		a.put(bytes.Clone(line))
	}
}

// write writes what waits to the process.
func (a *Addon) write() {
	for {
		a.mu.Lock()
		for len(a.queue) == 0 && !a.over {
			a.some.Wait()
		}
		if a.over {
			a.queue = nil
			a.mu.Unlock()
			a.in.Close()
			return
		}
		line := a.queue[0]
		a.queue = a.queue[1:]
		a.mu.Unlock()
		_, err := a.in.Write(line)
		a.mu.Lock()
		a.queued -= len(line)
		a.mu.Unlock()
		if err != nil {
			return // its end is noticed where it is waited for
		}
	}
}

// read takes answers.
func (a *Addon) read(r *bufio.Reader) {
	for {
		line, long, err := readLine(r)
		switch {
		case long:
			a.once("long", "it wrote a line of more than %d bytes, which was passed over", maxLine)
		case len(bytes.TrimSpace(line)) > 0:
			a.answer(line)
		}
		if err != nil {
			return
		}
	}
}

func (a *Addon) answer(line []byte) {
	var in struct {
		ID *int64   `json:"id"`
		Do []string `json:"do"`
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	err := d.Decode(&in)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows the object")
		}
	}
	if err == nil && in.ID == nil {
		err = errors.New("it has no id")
	}
	if err != nil {
		a.once("garbage", "it wrote a line that is no answer, {\"id\": 17, \"do\": [\"forward\"]}: %s", strings.TrimPrefix(err.Error(), "json: "))
		return
	}
	var do []action.Action
	for _, text := range in.Do {
		var more []action.Action
		if more, err = action.ParseList(text); err != nil {
			break
		}
		do = append(do, more...)
	}
	q := a.take(*in.ID)
	switch {
	case q == nil && a.knows(*in.ID):
		a.once("twice", "it has answered about message %d when that was decided: twice, or too late", *in.ID)
	case q == nil:
		a.once("unknown", "it has answered about message %d, about which it was not asked", *in.ID)
	case err != nil:
		a.once("action", "what it wants done can't be: %v; the message was forwarded", err)
		a.carryOut(q, nil)
	default:
		a.carryOut(q, do)
	}
}

// knows reports whether a message was decided lately.
func (a *Addon) knows(id int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.done, id)
}

// once tells of something that is wrong the first time; of what comes more often the end
// says how often.
func (a *Addon) once(kind, format string, args ...any) {
	a.mu.Lock()
	a.told[kind]++
	first := a.told[kind] == 1
	a.mu.Unlock()
	if first {
		a.remark(fmt.Sprintf(format, args...))
	}
}

func (a *Addon) remark(text string) {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\ufffd")), " ")
	a.o.Remark(fmt.Sprintf("%s (%s): %s", a.o.Name, a.o.Command, text))
}

// listen tells what the process says on its standard error.
func (a *Addon) listen(r *bufio.Reader) {
	var since time.Time
	said, more := 0, 0
	for {
		line, _, err := readLine(r)
		if now := time.Now(); now.Sub(since) >= time.Second {
			if more > 0 {
				a.remark(fmt.Sprintf("and %d lines more", more))
			}
			since, said, more = now, 0, 0
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if said++; said <= maxSays {
				a.remark(string(line[:min(len(line), maxSaid)]))
			} else {
				more++
			}
		}
		if err != nil {
			if more > 0 {
				a.remark(fmt.Sprintf("and %d lines more", more))
			}
			return
		}
	}
}

// kinds say what there may be more of.
var kinds = map[string]string{
	"late": "no answer in time", "twice": "an answer to what was decided", "unknown": "an answer to what was not asked", "garbage": "a line that is no answer",
	"long": "a line that is too long", "action": "an action that can't be", "slow": "not asked, as it reads too slowly",
}

// readLine reads one line without its end. long: it was longer than maxLine, and is left
// out. With an error it may be a line that has no end.
func readLine(r *bufio.Reader) (line []byte, long bool, err error) {
	for {
		piece, err := r.ReadSlice('\n')
		if !long && len(line)+len(piece) <= maxLine+1 {
			line = append(line, piece...)
		} else {
			line, long = nil, true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimSuffix(line, []byte{'\n'}), long, err
		}
	}
}
