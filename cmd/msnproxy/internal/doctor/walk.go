package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/stage"
)

// firstDialect and lastDialect are those that are tried.
const (
	firstDialect = 2
	lastDialect  = decode.LastFollowed
	lastMD5      = 7
	lastTWN      = 14
)

// clients are the versions of Microsoft's client that a dialect came with: servers may want
// one that is not older.
var clients = map[int]string{8: "5.0.0544", 9: "6.0.0602", 10: "6.1.0211", 11: "7.0.0777", 12: "7.5.0324", 13: "8.0.0792", 14: "8.0.0812",
	15: "8.5.1302", 16: "9.0.1407", 17: "9.0.1407", 18: "14.0.8117.0416", 19: "15.0.3039.1106", 20: "15.3.2804.0607", 21: "15.4.3502.0922"}

// walk is a client's way to a server, and on where that sends it, as far as it gets without a
// password.
type walk struct {
	r       *report
	conn    net.Conn
	tracker *decode.Tracker
	c       *decode.Connection
	id      uint32 // of the connection
	framer  decode.Framer
	number  int64 // of messages
	trid    int
	err     error  // that ended it; io.EOF: the server closed it
	version string // the server's answer to VER
	heard   heard
}

// errSilent is what ends a walk when no answer comes.
var errSilent = errors.New("no answer")

// errBabble is what ends a walk when the server says much, and nothing that is an answer.
var errBabble = errors.New("no answer among much else")

// dial opens a connection for a walk.
func (r *report) dial(ctx context.Context, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, r.Wait)
	defer cancel()
	return r.Dial(ctx, "tcp", addr)
}

func (r *report) walk(conn net.Conn, server string) *walk {
	w := &walk{r: r, tracker: decode.NewTracker()}
	w.on(conn, server)
	return w
}

// on goes on with another connection.
func (w *walk) on(conn net.Conn, server string) {
	if w.conn != nil {
		w.close()
		w.tracker.Ended(w.id, decode.Closed, decode.Client, "", w.r.Now())
		w.tracker.Close(w.id)
	}
	w.id++
	w.conn, w.framer, w.err = conn, decode.Framer{}, nil
	w.c = w.tracker.Open(w.id, conn.LocalAddr().String(), server, w.r.Now())
}

// sign is how far it came.
func (w *walk) sign() *decode.SignIn { return w.c.SignIn }

// ask sends the request of an act, and waits for its answer. It returns false when there
// is no more to be had.
func (w *walk) ask(act decode.Act, params ...string) bool {
	w.trid++
	w.heard = heard{act: act, trid: w.trid}
	line := fmt.Sprintf("%s %d", decode.VerbOf(act).Name, w.trid)
	if len(params) > 0 {
		line += " " + strings.Join(params, " ")
	}
	raw := []byte(line + "\r\n")
	_ = w.conn.SetDeadline(w.r.Now().Add(w.r.Wait))
	if _, err := w.conn.Write(raw); err != nil {
		w.end(err)
		return false
	}
	w.number++
	fr := decode.Frame{Kind: decode.Command, Raw: raw, LineLen: len(line), EOL: 2}
	m := w.tracker.Frame(w.id, decode.Client, &fr, w.r.Now())
	return w.hear(m.Number)
}

// most is how many messages a server may send before it answers.
const most = 64

// hear reads until the answer to a request is there, or the client is sent on.
func (w *walk) hear(number int64) bool {
	buf := make([]byte, 4<<10)
	for n := 0; n < most; {
		var fr decode.Frame
		for w.framer.Next(&fr) {
			m := w.tracker.Frame(w.id, decode.Server, &fr, w.r.Now())
			w.heard.message(m, number)
			if m.Act() == decode.ActVersion {
				w.version = string(fr.Line())
			}
			if n++; m.ReplyTo == number || m.Error() != "" || w.sign().SentTo != "" {
				return m.Error() == "" && !w.sign().Declined
			}
			if w.sign().ForeignFrom != 0 {
				return false
			}
		}
		got, err := w.conn.Read(buf)
		w.heard.read(buf[:got])
		w.framer.Feed(buf[:got])
		if got == 0 && err != nil {
			w.end(err)
			return false
		}
	}
	w.err = errBabble
	return false
}

// end notes why there is no more.
func (w *walk) end(err error) {
	var fr decode.Frame
	for w.framer.Flush(&fr) {
		w.tracker.Frame(w.id, decode.Server, &fr, w.r.Now())
	}
	switch {
	case isTimeout(err):
		w.err = errSilent
		return
	case errors.Is(err, io.EOF):
		w.err = io.EOF
		w.tracker.Ended(w.id, decode.Closed, decode.Server, "", w.r.Now())
	default:
		w.err = err
		w.tracker.Ended(w.id, decode.Reset, decode.Server, "", w.r.Now())
	}
}

// close leaves politely.
func (w *walk) close() {
	if w.err == nil {
		_ = w.conn.SetWriteDeadline(w.r.Now().Add(w.r.Wait))
		_, _ = io.WriteString(w.conn, decode.VerbOf(decode.ActEnd).Name+"\r\n")
	}
	w.conn.Close()
}

// offer names dialects as VER does.
func offer(dialects ...int) (words []string) {
	for _, d := range dialects {
		words = append(words, fmt.Sprintf("MSNP%d", d))
	}
	return append(words, "CVR0")
}

// begin signs in up to where the client is challenged, or sent on. It returns false when it
// did not come so far.
func (w *walk) begin(d int) bool {
	w.trid = 0
	return w.ask(decode.ActVersion, offer(d)...) && w.introduce(d)
}

// introduce goes on behind VER.
func (w *walk) introduce(d int) bool {
	ok := false
	switch {
	case d <= lastMD5:
		ok = w.ask(decode.ActPackages)
	default:
		params := []string{"0x0409", "winnt", "5.1", "i386", "MSNMSGR", clients[d], "msmsgs", w.r.Account}
		if d == lastDialect {
			params = append(params, "0")
		}
		ok = w.ask(decode.ActProgram, params...)
	}
	if !ok || w.sign().SentTo != "" {
		return ok
	}
	pack := "SSO"
	switch {
	case d <= lastMD5:
		pack = "MD5"
	case d <= lastTWN:
		pack = "TWN"
	}
	return w.ask(decode.ActSignIn, pack, "I", w.r.Account)
}

// verdict says what is wrong with it, by the table of stages.
func (w *walk) verdict() stage.Verdict {
	return stage.Judge(w.sign(), time.Time{})
}
