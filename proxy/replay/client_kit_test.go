package replay

import (
	"context"
	"strings"
	"testing"
	"time"

	"msnproxy/capture"
	"msnproxy/proxy/proxytest"
)

// demoPasswords are those of the demo's accounts, and their tickets.
func demoPasswords() map[string]ClientAccount {
	m := make(map[string]ClientAccount)
	for _, a := range proxytest.DemoAccounts() {
		password := a.Password
		ticket := Ticket(proxytest.TicketFor(a.Handle, password))
		m[a.Handle] = ClientAccount{Password: &password, Ticket: &ticket}
	}
	delete(m, "carol@example.com") // does not sign in
	return m
}

func demoServer(t testing.TB, c proxytest.Config) *proxytest.Server {
	t.Helper()
	c.Accounts = proxytest.DemoAccounts()
	if b, ok := t.(*bubble); ok {
		c.Listen = b.host.Listen
	}
	s, err := proxytest.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// replayed is what came of a replay.
type replayed struct {
	*Result
	list []Difference
	err  error
}

// String has a line for each difference.
func (r replayed) String() string {
	var lines []string
	for i := range r.list {
		d := &r.list[i]
		line := d.String()
		if d.Note {
			line = "note: " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// play runs a client, within half a minute (in a bubble: an hour).
func play(t testing.TB, c ClientConfig) replayed {
	t.Helper()
	var r replayed
	limit := 30 * time.Second
	if b, ok := t.(*bubble); ok {
		c.Dialer, limit = b.host.Dial, time.Hour // costs nothing there
	}
	c.Report = func(d *Difference) { r.list = append(r.list, *d) }
	client, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	r.Result, r.err = client.Run(ctx)
	return r
}

// clean fails the test unless there is no difference.
func clean(t testing.TB, r replayed) {
	t.Helper()
	if r.err != nil || r.Differences > 0 {
		t.Errorf("%+v, %v\n%s", r.Result, r.err, r)
	}
}

// recordTo makes a recorder, and returns what ends it.
func recordTo(t testing.TB, path string) (*capture.Recorder, func()) {
	t.Helper()
	r, err := capture.NewRecorder(capture.RecorderOptions{Path: path, Report: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return r, r.Close
}
