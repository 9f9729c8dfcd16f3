package doctor

import (
	"context"
	"net"

	"msnproxy/decode"
	"msnproxy/decode/stage"
)

// Try is how far a client comes with one dialect.
type Try struct {
	Dialect int
	// Sign is how far it came; nil: the server was not reached.
	Sign *decode.SignIn
	// Then is what came after that, in words.
	Then string
}

// Matrix begins to sign in with each dialect in turn, up to where a password would be
// needed, and tells each when it is known.
func Matrix(ctx context.Context, o Options, tell func(Try)) {
	o.defaults()
	r := &report{Options: &o}
	host, _, err := net.SplitHostPort(r.Upstream)
	if err != nil {
		return
	}
	ips, _ := r.resolve(ctx, host)
	silent := 0
	for d := firstDialect; d <= lastDialect && ctx.Err() == nil; d++ {
		if silent >= mostSilent {
			tell(Try{Dialect: d, Then: "not tried, as the server did not answer before"})
			continue
		}
		r.pause(ctx)
		w, err := r.enter(ctx, d, ips)
		if err != nil {
			silent++
			tell(Try{Dialect: d, Then: "not reached: " + root(err).Error()})
			continue
		}
		s := w.sign()
		if silent++; w.err != errSilent || s.Reached > decode.StageOffered {
			silent = 0
		}
		tell(Try{d, s, w.then(d)})
	}
}

// then says what came after the farthest stage.
func (w *walk) then(d int) string {
	s, v := w.sign(), w.verdict()
	if text, _ := w.odd(); text != "" && s.SentTo == "" {
		return text
	}
	switch {
	case s.Reached == decode.StageAgreed && w.c.Dialect != d && w.c.Dialect != 0:
		return "the server chose another dialect than the one offered"
	case s.CheckOnly:
		return "the server offers the version check (CVR0) instead"
	case s.Has(decode.StageChallenged):
		return "a password would come next"
	case s.Reached >= decode.StageNamed && s.Error.Code != "":
		return "refused with error " + s.Error.Code + ", as there is no such account"
	case s.SentTo != "":
		return "sent to " + s.SentTo
	}
	return v.Then[len("then "):]
}

// Columns are the stages that a client comes to without a password.
func Columns() (list []decode.Stage) {
	return []decode.Stage{decode.StageAgreed, decode.StageIntroduced, decode.StageSentOn, decode.StageChallenged}
}

// Name is what a column is called.
func Name(s decode.Stage) string {
	old, now := stage.Of(s).Name(firstDialect), stage.Of(s).Name(lastDialect)
	if old == now {
		return now
	}
	return old + "/" + now
}
