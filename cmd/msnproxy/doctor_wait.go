package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/doctor"
	"msnproxy/decode"
	"msnproxy/decode/stage"
	"msnproxy/proxy"
)

// watcher sees a client come, and says each stage that it reaches.
type watcher struct {
	mu   sync.Mutex
	p    *patient
	out  io.Writer // nil: nothing is said before the end
	told map[*decode.SignIn]stageSet
	in   chan struct{} // closed when somebody is signed in
}

// stageSet is a set of stages.
type stageSet uint32

// Observe implements proxy.Observer.
func (w *watcher) Observe(r *capture.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.record(r)
	if r.Conn == nil {
		return
	}
	if c := w.p.conns[r.Conn.ID]; c != nil && c.SignIn != nil {
		w.tell(c.SignIn)
	}
}

// tell says which stages are new.
func (w *watcher) tell(s *decode.SignIn) {
	for _, row := range stage.Rows() {
		if !s.Has(row.Stage) || w.told[s]&(1<<row.Stage) != 0 || row.Stage == decode.StageNone {
			continue
		}
		w.told[s] |= 1 << row.Stage
		if w.out != nil {
			fmt.Fprintf(w.out, "%-8s %-24s %s\n", stage.Fine, row.Name(s.Dialect), esc(stageNews(row.Stage, s)))
		}
		if row.Stage == decode.StageOnline {
			select {
			case <-w.in:
			default:
				close(w.in)
			}
		}
	}
}

// stageNews says what is worth knowing of a stage.
func stageNews(at decode.Stage, s *decode.SignIn) string {
	switch at {
	case decode.StageCame:
		return fmt.Sprintf("#%d from %s", s.Conn, s.Client)
	case decode.StageAgreed:
		return fmt.Sprintf("MSNP%d", s.Dialect)
	case decode.StageNamed, decode.StageAdmitted:
		return s.Account
	case decode.StageSentOn:
		return "to " + s.SentTo
	}
	return ""
}

// doctorWait relays clients until one is signed in, and says how far they came.
func doctorWait(c *cli.Context, o doctor.Options, half *webHalf) error {
	known, err := passwords(c)
	if err != nil {
		return err
	}
	w := &watcher{p: newPatient(known), told: make(map[*decode.SignIn]stageSet), in: make(chan struct{})}
	text := c.String("format") == "text"
	if text {
		w.out = c.App.Writer
	}
	cfg := proxy.Config{Upstream: o.Upstream, Listen: c.String("listen"), Advertise: c.String("advertise"),
		Allow: commas(c.StringSlice("allow")), Observer: w, Lossless: true}
	if err := ways(c, &cfg); err != nil {
		return err
	}
	if err := half.enter(c, &cfg); err != nil {
		return err
	}
	p, err := proxy.New(cfg)
	if err != nil {
		return usage("doctor", "--%v", err)
	}
	defer p.Close()
	if err := p.Listen(); err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "msnproxy: waiting for a client at %s; Ctrl-C ends\n", p.Addr())
	list, err := w.serve(c, p)
	if err != nil {
		return err
	}
	if text {
		fmt.Fprintln(c.App.Writer)
	}
	return tell(c.App.Writer, c.String("format"), list)
}

// serve relays until somebody is signed in, the time is over, or the user ends it, and says
// what there was until then.
func (w *watcher) serve(c *cli.Context, p *proxy.Proxy) ([]*diagnosis, error) {
	ctx := c.Context
	if limit := c.Duration("for"); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	failed := make(chan error, 1)
	go func() { failed <- p.Serve(context.WithoutCancel(ctx)) }()
	select {
	case err := <-failed:
		return nil, err
	case <-w.in:
	case <-ctx.Done():
	}
	list := w.diagnoses()
	over, cancel := context.WithTimeout(context.WithoutCancel(ctx), 100*time.Millisecond)
	defer cancel()
	_ = p.Shutdown(over) // what is open then is cut off
	p.Close()
	<-failed
	return list, nil
}

// diagnoses says how far clients came by now.
func (w *watcher) diagnoses() []*diagnosis {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.keep(w.p.follow.Finish())
	w.p.end = time.Now()
	list := w.p.diagnoses()
	for _, d := range list {
		seen := *d.sign // the relay is ended next, which is nobody's fault
		d.sign = &seen
	}
	if len(list) == 0 {
		list = append(list, nobody())
	}
	return list
}

// nobody is the diagnosis where no client has come.
func nobody() *diagnosis {
	v := stage.Verdict{Level: stage.Bad, Then: "no client has come", Cause: "no client has come"}
	for _, r := range stage.Of(decode.StageNone).Reasons {
		v.Reasons = append(v.Reasons, r.Text)
	}
	return &diagnosis{sign: &decode.SignIn{}, verdict: v}
}
