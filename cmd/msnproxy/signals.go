package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// hurryGrace is what the second signal leaves for an orderly end: time enough to
// give a terminal back.
const hurryGrace = 300 * time.Millisecond

// hangupKey is where a context keeps what a SIGHUP does; see onHangup.
type hangupKey struct{}

// onHangup has SIGHUP call f instead of ending the program.
func onHangup(ctx context.Context, f func()) {
	if p, ok := ctx.Value(hangupKey{}).(*atomic.Pointer[func()]); ok {
		p.Store(&f)
	}
}

// hurryKey is where a context keeps the channel of hurried.
type hurryKey struct{}

// signals returns a context that ends with the first signal. With the second one
// hurried is closed, and the program ends, whatever hangs. stop lets go of signals.
func signals(exit func(code int)) (ctx context.Context, stop func()) {
	wanted := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		wanted = append(wanted, syscall.SIGHUP)
	}
	came := make(chan os.Signal, 2)
	signal.Notify(came, wanted...)
	hurry, done := make(chan struct{}), make(chan struct{})
	var hangup atomic.Pointer[func()]
	with := context.WithValue(context.Background(), hangupKey{}, &hangup)
	ctx, cancel := context.WithCancel(context.WithValue(with, hurryKey{}, hurry))
	go func() {
		for going := true; going; {
			select {
			case s := <-came:
				if f := hangup.Load(); f != nil && s == syscall.SIGHUP {
					(*f)()
					continue
				}
				cancel()
				going = false
			case <-done:
				return
			}
		}
		select {
		case <-came:
		case <-done:
			return
		}
		close(hurry)
		select {
		case <-time.After(hurryGrace):
			exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(came)
		close(done)
		cancel()
	}
}

// hurried returns the channel that is closed with the second signal; nil if ctx
// knows of none.
func hurried(ctx context.Context) <-chan struct{} {
	hurry, _ := ctx.Value(hurryKey{}).(chan struct{})
	return hurry
}
