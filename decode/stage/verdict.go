package stage

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"msnproxy/decode"
)

// Level is how good something is.
type Level uint8

// The levels.
const (
	Fine Level = iota
	Doubtful
	Bad
)

// String returns the level as doctor prints it: ok, warning, bad.
func (l Level) String() string { return [...]string{"ok", "warning", "bad"}[l] }

// Verdict is what there is to say of a sign-in.
type Verdict struct {
	Level Level
	// Reached names the farthest stage, Then says what came after it.
	Reached, Then string
	// Cause is what is wrong, a sentence; "" if nothing is. Advice is what to do about it.
	Cause, Advice string
	// Reasons are why sign-ins usually stop there, where the cause is not plain.
	Reasons []string
}

// String is the verdict in a line: "reached: USR I (MSNP7); then nothing".
func (v *Verdict) String() string {
	if v.Reached == "" {
		return v.Then
	}
	return "reached: " + v.Reached + "; " + v.Then
}

// Line is [Verdict.String] of [Judge].
func Line(s *decode.SignIn, end time.Time) string {
	v := Judge(s, end)
	return v.String()
}

// quiet is how long nothing has to come until that says something: people need time to
// type a password.
const quiet = 10 * time.Second

// Judge says how far a sign-in came and what stopped it. end is when there was the last
// look at it: zero if that is not known.
func Judge(s *decode.SignIn, end time.Time) (v Verdict) {
	row := Of(s.Reached)
	switch {
	case !s.Main && s.Has(decode.StageTalking):
		return Verdict{Then: "not seen: only a switchboard of it is there"}
	case s.CheckOnly && s.Reached < decode.StageNamed:
		return Verdict{Then: "none: the client only asked for a newer version of itself (CVR0)"}
	case s.MidStream && s.Reached < decode.StageAdmitted && s.Error.Code == "":
		return Verdict{Then: "not seen: it was over before the recording began" + after(s)}
	}
	v.Reached = row.Name(s.Dialect) + dialect(s.Dialect)
	if s.Reached >= decode.StageOnline {
		v.Then = "signed in" + after(s)
		return v
	}
	v.Then = then(s, end)
	plain := v.cause(s)
	if s.Reached >= decode.StageAdmitted {
		v.Then = "signed in, " + v.Then
		v.Level = Doubtful
		if s.Left {
			v.Level, v.Cause = Fine, ""
		}
	} else if v.Level = Bad; s.Open() && !settled(s) && !end.IsZero() && end.Sub(s.Last) < quiet {
		v.Level = Doubtful
		v.Cause = "the sign-in is not at its end yet"
	}
	if v.Level > Fine && !plain {
		for i := range row.Reasons {
			if r := &row.Reasons[i]; r.applies(s.Dialect) {
				v.Reasons = append(v.Reasons, r.Text)
			}
		}
	}
	return v
}

// settled reports whether it is clear that nothing more comes of it.
func settled(s *decode.SignIn) bool {
	return s.Error.Code != "" || s.ForeignFrom != 0 || s.Declined || s.Out != ""
}

// after says how the connection of somebody ended who was signed in.
func after(s *decode.SignIn) string {
	switch {
	case s.Out != "":
		return "; then " + s.Out + " of the server"
	case s.Left:
		return "; then OUT of the client"
	case s.End.How != decode.NoOccurrence:
		return "; then " + ended(&s.End)
	}
	return ""
}

// ended says how a connection ended, and by whom.
func ended(e *decode.End) string {
	text := "the connection is " + e.How.String()
	if e.By != 0 {
		text += " by the " + e.By.String()
	}
	return text
}

// then says what came after the farthest stage.
func then(s *decode.SignIn, end time.Time) string {
	var list []string
	switch {
	case s.ForeignFrom != 0:
		list = append(list, fmt.Sprintf("bytes of the %s that are no MSNP", s.ForeignFrom))
	case s.Declined:
		list = append(list, "the server declines all dialects")
	case s.Error.Code != "":
		list = append(list, refusal(&s.Error))
	case s.Out != "":
		list = append(list, s.Out+" of the server")
	case s.SentTo != "" && !s.Has(decode.StageChallenged):
		list = append(list, "the client did not come to "+s.SentTo)
	case len(s.Waiting()) > 0:
		list = append(list, "no reply to "+requests(s.Waiting()))
	case s.Left:
		list = append(list, "OUT of the client")
	default:
		list = append(list, "nothing")
	}
	if !s.Open() {
		text := ended(&s.End)
		if wait := s.End.At.Sub(s.Last); wait >= time.Second && !s.Last.IsZero() {
			text += " after " + wait.Round(time.Second).String()
		}
		list = append(list, text)
	} else if wait := end.Sub(s.Last); !end.IsZero() && !s.Last.IsZero() && wait >= time.Second {
		list = append(list, "for "+wait.Round(time.Second).String())
	}
	return "then " + strings.Join(list, ", ")
}

// refusal names an error reply.
func refusal(e *decode.Refusal) string {
	text := "error " + e.Code
	if name := decode.ErrorName(e.Code); name != "" {
		text += " (" + name + ")"
	}
	if e.Verb != "" {
		text += " to " + e.Verb
	}
	return text
}

func requests(list []decode.Request) string {
	var names []string
	for _, q := range list {
		names = append(names, fmt.Sprintf("%s (message %d)", q.Verb, q.Number))
	}
	return strings.Join(names, ", ")
}

// cause says what is wrong. plain: that is all there is to say.
func (v *Verdict) cause(s *decode.SignIn) (plain bool) {
	silent := s.Reached <= decode.StageOffered && s.Error.Code == ""
	switch {
	case s.ForeignFrom != 0:
		v.Cause = fmt.Sprintf("what the %s says is no MSNP: this is %s", s.ForeignFrom, s.Foreign.Text)
		v.Advice = s.Foreign.Advice
		return true
	case silent && s.End.Text != "" && s.End.By != decode.Client:
		v.Cause = "the proxy ended it: " + s.End.Text
		if strings.Contains(s.End.Text, "--allow") {
			return true // it says itself what to do
		}
		v.Advice = "see whether the server runs, and whether its address is right: doctor --upstream " + cmp.Or(s.Server, "HOST")
		return true
	case s.Declined:
		v.Cause = "the server speaks none of the dialects that the client offers"
		v.Advice = "see with doctor --matrix which it speaks, and set the client to one of them"
		return true
	case s.Error.Code != "":
		v.Cause = "the server refuses: " + refusal(&s.Error)
		v.Advice = "what the code means to clients tells explain " + s.Error.Code
		return false
	case s.Out != "":
		v.Cause = "the server closes the connection: " + s.Out
		return false
	case s.SentTo != "" && !s.Has(decode.StageChallenged):
		v.Cause = "the client was sent to " + s.SentTo + ", and did not come there"
		if where := nowhere(s.SentTo, s.Server); where != "" {
			v.Cause, v.Advice = v.Cause+": "+where, "have the server name an address in XFR that clients reach; the proxy follows a private one of a public server only with --allow "+s.SentTo
			return true
		}
	case s.Open() && len(s.Waiting()) > 0:
		v.Cause = "the server does not answer " + requests(s.Waiting())
	case s.Open():
		v.Cause = "the client says nothing more"
	case len(s.Waiting()) > 0:
		v.Cause = ended(&s.End) + " without a reply to " + requests(s.Waiting())
	default:
		v.Cause = ended(&s.End)
	}
	return false
}

// nowhere says why an address that a server names can't be reached from elsewhere: "" if
// it may be.
func nowhere(addr, from string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = addr, "1863"
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return ""
	}
	server, _ := netip.ParseAddrPort(from)
	public := server.IsValid() && server.Addr().IsGlobalUnicast() && !server.Addr().IsPrivate()
	switch ip = ip.Unmap(); {
	case ip.IsUnspecified() || port == "0":
		return "that is where a server listens, and no address to connect to"
	case ip.IsLoopback() && !server.Addr().Unmap().IsLoopback():
		return "that is a loopback address, which leads each machine to itself"
	case ip.IsPrivate() && public:
		return "that is a private address, and the server has a public one"
	case ip.IsLinkLocalUnicast() && public:
		return "that is a link-local address, and the server has a public one"
	}
	return ""
}
