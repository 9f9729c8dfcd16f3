package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/proxy"
	"msnproxy/proxy/gate"
)

// display is what shows live traffic: the inspector, or lines. It keeps the
// recorder, too, as both are told what happens, and end together.
type display struct {
	errors   *aside
	live     *live   // the inspector, or
	lines    *screen // lines
	recorder *capture.Recorder
	feed     *feeder // of the API; nil: there is none
	addons   *addons // nil: there are none
	out      *outlet // standard output
	hurry    <-chan struct{}
	ended    bool
}

// newDisplay makes the display that the flags and the terminal ask for. known are
// passwords besides those of the flags; g is what the traffic goes through, nil: nothing.
func newDisplay(c *cli.Context, title string, known map[string]string, g *gate.Gate) (*display, error) {
	d := &display{errors: c.App.ErrWriter.(*aside), out: c.App.Writer.(*outlet), hurry: hurried(c.Context)}
	printer, err := newPrinter(c, show.Text, show.JSON)
	if err != nil {
		return nil, err
	}
	printer.Live = true
	printer.Know(known)
	o, err := inspectorOptions(c)
	if err != nil {
		return nil, err
	}
	o.Title = title
	if g != nil {
		o.Gate = g
	}
	if d.recorder, err = newRecorder(c, g); err != nil {
		return nil, err
	}
	if !inspects(c) {
		d.lines = newScreen(printer)
		return d, nil
	}
	given, _ := passwords(c) // newPrinter has looked at them
	for account, password := range known {
		if given == nil {
			given = make(map[string]string)
		}
		given[account] = password
	}
	d.live = newLive(o, given, d.recorder, d.errors)
	return d, nil
}

// attach has the proxy tell the display and the recorder.
func (d *display) attach(p *proxy.Proxy) {
	if d.recorder != nil {
		p.Attach(d, d.recorder)
	} else {
		p.Attach(d, nil)
	}
}

// Observe implements proxy.Observer.
func (d *display) Observe(r *capture.Record) {
	if d.addons != nil {
		d.addons.Observe(r)
	}
	if d.feed != nil {
		d.feed.observe(r)
	}
	if d.live != nil {
		d.live.Observe(r)
		return
	}
	d.lines.Observe(r)
}

// Missed implements proxy.MissedObserver.
func (d *display) Missed(n int64) {
	if d.feed != nil {
		d.feed.feed.Do(func() { d.feed.feed.Missed(n) })
	}
}

// say tells of what goes on, which nobody needs to know afterwards.
func (d *display) say(text string) {
	if d.live != nil {
		d.live.ins.Say(text)
	} else {
		fmt.Fprintf(d.errors, "msnproxy: %s\n", text)
	}
}

// show shows the inspector, if there is one, until the user leaves or ctx is done;
// then the channel is closed.
func (d *display) show(ctx context.Context) <-chan struct{} {
	if d.live == nil {
		return ctx.Done()
	}
	left := make(chan struct{})
	go func() {
		defer close(left)
		d.live.run(ctx)
	}()
	return left
}

// play shows the inspector while a script runs, which is cancelled when the user
// leaves before its end. The error is the script's.
func (d *display) play(ctx context.Context, script func() error, cancel func()) error {
	left := d.show(ctx)
	played := make(chan error, 1)
	go func() { played <- script() }()
	select {
	case <-left:
		cancel()
		<-played // it was cancelled
		return nil
	case err := <-played:
		if err == nil {
			d.live.ins.Over("the demo is over; 2 the ladder, 3 the chat, ? the keys, q leaves")
		} else {
			d.live.ins.Complain(err.Error())
		}
		<-left
		return err
	}
}

// end prints what is left to print, and says at the end what passed. It returns
// what the program ends with.
func (d *display) end(c *cli.Context, p *proxy.Proxy, err error) error {
	var s totals
	if d.live != nil {
		err = d.live.exit(c, err)
		s = d.live.totals()
	} else {
		d.close()
		t := d.lines.printer.Stats()
		s = totals{sessions: t.Sessions, conversations: t.Conversations, messages: t.Messages, opaque: t.Opaque, stuck: stuckSignIns(d.lines.printer.SignIns())}
		if err == nil && c.Context.Err() != nil {
			err = &exit{code: exitInterrupted}
		}
	}
	summary(c, s, p)
	unread(c, d.out)
	return err
}

// close prints what is left, as far as it is read.
func (d *display) close() {
	d.ended = true
	go d.out.hasten(d.hurry) // so that nothing waits for ever
	d.lines.close()
	d.out.flush(d.hurry)
}

// finish ends the recording and lets go of everything.
func (d *display) finish() {
	if d.lines != nil && !d.ended {
		d.close()
	}
	if d.live != nil {
		d.live.x.Close()
	}
	if d.recorder != nil {
		d.recorder.Close()
		recorded(d.errors, d.recorder)
	}
}
