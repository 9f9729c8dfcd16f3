package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/decode"
	"msnproxy/decode/check"
)

// TestJudged: where a look at the headers of a message is thought to be enough, nothing
// would come of a look at the whole of it. What reads a recording relies on that.
func TestJudged(t *testing.T) {
	const mime, plain = "MIME-Version: 1.0\r\n", "Content-Type: text/plain"
	many := func(n int) string { return strings.Repeat("X: y\r\n", n) }
	for _, payload := range []string{
		"", "\r\n", mime, mime + "\r\n",
		mime + plain + "\r\n\r\nhello", mime + plain + "; charset=UTF-8\r\n\r\nhello", mime + plain + "; charset=UTF-8\r\nhello",
		mime + plain + "; charset=UTF-8\r\n\r\n\xff", mime + plain + "\r\n\r\n\xff", mime + plain + "; charset=\r\n\r\n\xff",
		mime + plain + "; charset=\"utf8\"\r\n\r\nh", mime + plain + "; charset=klingon\r\n\r\nh", mime + plain + ";charset = x-none\r\n\r\nh",
		mime + plain + "; format=flowed; CHARSET=klingon\r\n\r\nh", mime + "content-TYPE:TEXT/PLAIN ;charset=klingon\r\n\r\nh",
		mime + plain + "; charset=klingon\r\n" + plain + "; charset=UTF-8\r\n\r\nh", mime + plain + "; charset=UTF-8\r\n" + plain + "; charset=klingon\r\n\r\nh",
		mime + plain + "\r\nX-MMS-IM-Format: FN=%zz; EF=Q; CO=xyz\r\n\r\nh", mime + plain + "\r\nno colon\r\n\r\nh",
		mime + "Content-Type: text/x-msmsgscontrol\r\nTypingUser: bob@example.com\r\n\r\n\r\n", mime + "Content-Type: text/x-msmsgscontrol\r\n\r\n\r\n",
		mime + "Content-Type: text/x-msmsgscontrol\r\nTypingUser:\r\n\r\n", mime + "Content-Type: text/x-msmsgscontrol\r\nRecordingUser: bob@example.com\r\nTypingUser: \r\n\r\n",
		mime + "Content-Type: text/x-msmsgscontrol\r\nTypingUser:\r\nTypingUser: bob@example.com\r\n\r\n",
		mime + "Content-Type: text/x-mms-emoticon\r\n\r\n", mime + "Content-Type: application/x-unknown\r\n\r\n\xff\x00",
		mime + plain + "\r\n" + many(4094) + "\r\nh", mime + plain + "\r\n" + many(4095) + "\r\nh",
	} {
		tracker, checker := decode.NewTracker(), check.New()
		tracker.Open(1, "10.0.0.9:1", "10.0.0.5:1863", time.Time{})
		checker.Opened(tracker.Connection(1), false)
		var framer decode.Framer
		var frame decode.Frame
		framer.Feed(fmt.Appendf(nil, "MSG bob@example.com Bob %d\r\n%s", len(payload), payload))
		if !framer.Next(&frame) {
			t.Fatalf("%.200q is no message", payload)
		}
		m := tracker.Frame(1, decode.Server, &frame, time.Time{})
		checker.Apply(m)
		before := len(m.Findings)
		m.JudgePayload()
		if len(m.Findings) != before {
			t.Errorf("%.200q: %v is found when the whole is looked at", payload, m.Findings[before:])
		}
	}
}
