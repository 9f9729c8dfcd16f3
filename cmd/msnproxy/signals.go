package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// hurryGrace is what the second signal leaves for an orderly end: time enough to
// give a terminal back.
const hurryGrace = 300 * time.Millisecond

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
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), hurryKey{}, hurry))
	go func() {
		select {
		case <-came:
			cancel()
		case <-done:
			return
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
