package decode

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// delivered plays lines "CONN C: LINE|PAYLOAD", "CONN open" and "+DURATION", each
// a millisecond after the one before, and says which are copies.
func delivered(t *testing.T, script string) (got []string) {
	t.Helper()
	tr := NewTracker()
	at := time.Unix(1000, 0)
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		at = at.Add(time.Millisecond)
		if d, ok := strings.CutPrefix(line, "+"); ok {
			pause, err := time.ParseDuration(d)
			if err != nil {
				t.Fatal(err)
			}
			at = at.Add(pause - time.Millisecond)
			continue
		}
		if d, ok := strings.CutPrefix(line, "-"); ok {
			pause, err := time.ParseDuration(d)
			if err != nil {
				t.Fatal(err)
			}
			at = at.Add(-pause - time.Millisecond)
			continue
		}
		id, err := strconv.Atoi(line[:1])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		from := Client
		if line[2] == 'S' {
			from = Server
		}
		text, body, _ := strings.Cut(line[5:], "|")
		body = strings.ReplaceAll(body, "|", "\r\n")
		raw := strings.ReplaceAll(text, "#", strconv.Itoa(len(body))) + "\r\n" + body
		frames := cut(&Framer{}, []byte(raw))
		if len(frames) != 1 {
			t.Fatalf("%q is %d frames", raw, len(frames))
		}
		m := tr.Frame(uint32(id), from, &frames[0], at)
		if d := m.Delivery; d.String() != "" {
			s := fmt.Sprintf("%d: %v", m.Number, d)
			if d.After > 0 {
				s += fmt.Sprintf(", %v after it", d.After)
			}
			got = append(got, s)
		}
		if len(m.Ahead) > 0 {
			got = append(got, fmt.Sprintf("%d: came before on %v", m.Number, m.Ahead))
		}
	}
	return got
}

// chat: Alice is on connection 2, Bob on 3, Carol on 4: eight messages.
const chat = `
	2 C: USR 1 alice@example.com 17.1
	2 S: USR 1 OK alice@example.com Alice
	2 C: CAL 2 bob@example.com
	2 S: CAL 2 RINGING 4711
	3 C: ANS 1 bob@example.com 84.5 4711
	3 S: ANS 1 OK
	4 C: ANS 1 carol@example.com 84.6 4711
	4 S: ANS 1 OK
`

// TestDelivery: MSG of one client is found again on the connections of the others
// (MSNP2, MSG).
func TestDelivery(t *testing.T) {
	const plain = "|MIME-Version: 1.0|Content-Type: text/plain||"
	const typing = "|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol||"
	for name, tt := range map[string]struct {
		script string
		want   []string
	}{
		"to both": {"2 C: MSG 3 N #" + plain + "hi\n3 S: MSG alice@example.com A #" + plain + "hi\n+1s\n4 S: MSG Alice@Example.com A #" + plain + "hi",
			[]string{"10: comes of message 9, 1ms after it", "11: comes of message 9, 1.002s after it"}},
		"an end point says it": {"2 C: MSG 3 N #" + plain + "hi\n3 S: MSG alice@example.com;{11111111-2222-3333-4444-555555555555} A #" + plain + "hi",
			[]string{"10: comes of message 9, 1ms after it"}},
		"not to its sender": {"2 C: MSG 3 N #" + plain + "hi\n2 S: MSG alice@example.com A #" + plain + "hi", nil},
		"not of another":    {"2 C: MSG 3 N #" + plain + "hi\n3 S: MSG carol@example.com C #" + plain + "hi", nil},
		"twice said, twice come": {"2 C: MSG 3 N #" + plain + "hi\n2 C: MSG 4 N #" + plain + "hi\n3 S: MSG alice@example.com A #" + plain + "hi\n3 S: MSG alice@example.com A #" + plain + "hi",
			[]string{"11: comes of message 9, 2ms after it", "12: comes of message 10, 2ms after it"}},
		"once said, twice come": {"2 C: MSG 3 N #" + plain + "hi\n3 S: MSG alice@example.com A #" + plain + "hi\n3 S: MSG alice@example.com A #" + plain + "hi",
			[]string{"10: comes of message 9, 1ms after it", "11: comes once more of message 9, 2ms after it"}},
		"other headers": {"2 C: MSG 3 N #" + plain + "hi\n3 S: MSG alice@example.com A #|MIME-Version: 1.0|Content-Type: text/plain|X: 1||hi",
			[]string{"10: comes with other headers of message 9, 1ms after it"}},
		"another text":         {"2 C: MSG 3 N #" + plain + "hi\n3 S: MSG alice@example.com A #" + plain + "HI", []string{"10: stands for message 9, 1ms after it"}},
		"the next of its kind": {"2 C: MSG 2 U #" + typing + "\n2 C: MSG 3 N #" + plain + "hi\n3 S: MSG alice@example.com A #" + plain + "HI", nil},
		"60 s are waited":      {"2 C: MSG 3 N #" + plain + "hi\n+59999ms\n3 S: MSG alice@example.com A #" + plain + "hi", []string{"10: comes of message 9, 1m0s after it"}},
		"and not more":         {"2 C: MSG 3 N #" + plain + "hi\n+60s\n3 S: MSG alice@example.com A #" + plain + "hi", nil},
		"a second too early":   {"3 S: MSG alice@example.com A #" + plain + "hi\n+999ms\n2 C: MSG 3 N #" + plain + "hi", []string{"10: came before on [{9 3}]"}},
		"more than that":       {"3 S: MSG alice@example.com A #" + plain + "hi\n+1s\n2 C: MSG 3 N #" + plain + "hi", nil},
		"early, and not once more": {"3 S: MSG alice@example.com A #" + plain + "hi\n2 C: MSG 3 N #" + plain + "hi\n2 C: MSG 4 N #" + plain + "hi",
			[]string{"10: came before on [{9 3}]"}},
		"its sending was not seen": {"3 S: MSG dave@example.com D #" + plain + "hi\n4 S: MSG dave@example.com D #" + plain + "hi\n2 S: MSG dave@example.com D #" + plain + "hi",
			[]string{"10: has come by message 9 to somebody else, and was not seen to be sent, 1ms after it", "11: has come by message 9 to somebody else, and was not seen to be sent, 2ms after it"}},
		"said twice, not seen": {"3 S: MSG dave@example.com D #" + plain + "hi\n3 S: MSG dave@example.com D #" + plain + "hi\n4 S: MSG dave@example.com D #" + plain + "hi\n4 S: MSG dave@example.com D #" + plain + "hi",
			[]string{"11: has come by message 9 to somebody else, and was not seen to be sent, 2ms after it", "12: has come by message 10 to somebody else, and was not seen to be sent, 2ms after it"}},
		"by two people, not seen":  {"3 S: MSG dave@example.com D #" + plain + "hi\n4 S: MSG eve@example.com D #" + plain + "hi", nil},
		"a minute later, not seen": {"3 S: MSG dave@example.com D #" + plain + "hi\n+60s\n4 S: MSG dave@example.com D #" + plain + "hi", nil},
		"both too early": {"3 S: MSG alice@example.com A #" + plain + "hi\n4 S: MSG alice@example.com A #" + plain + "hi\n2 C: MSG 3 N #" + plain + "hi\n4 S: MSG alice@example.com A #" + plain + "hi",
			[]string{"10: has come by message 9 to somebody else, and was not seen to be sent, 1ms after it", "11: came before on [{9 3} {10 4}]", "12: comes once more of message 11, 1ms after it"}},
		"another end point may have said it": {"5 C: ANS 1 alice@example.com;{22222222-2222-3333-4444-555555555555} 84.7 4711\n5 C: MSG 3 N #" + plain + "hi\n3 S: MSG alice@example.com;{11111111-2222-3333-4444-555555555555} A #" + plain + "HI", nil},
		"clocks that go back":                {"2 C: MSG 3 N #" + plain + "hi\n-500ms\n3 S: MSG alice@example.com A #" + plain + "hi", []string{"10: comes of message 9"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, delivered(t, chat+tt.script)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDeliveryRemembers: of a conversation the newest 64 messages are remembered.
func TestDeliveryRemembers(t *testing.T) {
	said := func(i int) string { return fmt.Sprintf("#|MIME-Version: 1.0|Content-Type: text/x-%d||%d", i, i) }
	var script strings.Builder
	script.WriteString(chat)
	for i := range 65 {
		fmt.Fprintf(&script, "2 C: MSG %d N %s\n", i+3, said(i))
	}
	fmt.Fprintf(&script, "3 S: MSG alice@example.com A %s\n3 S: MSG alice@example.com A %s", said(0), said(1))
	if diff := cmp.Diff([]string{"75: comes of message 10, 65ms after it"}, delivered(t, script.String())); diff != "" {
		t.Error(diff)
	}
}

// TestNews: what the server tells one client of what another has said: presence, a
// call, a new contact.
func TestNews(t *testing.T) {
	const both = `
		1 C: VER 1 MSNP7
		1 S: VER 1 MSNP7
		1 S: USR 4 OK alice@example.com Alice
		3 C: VER 1 MSNP7
		3 S: VER 1 MSNP7
		3 S: USR 4 OK bob@example.com Bob
	`
	for name, tt := range map[string]struct {
		script string
		want   []string
	}{
		"presence":         {both + "1 C: CHG 7 BSY\n1 S: CHG 7 BSY\n3 S: NLN BSY alice@example.com A", []string{"9: comes of message 7, 2ms after it"}},
		"told twice":       {both + "1 C: CHG 7 BSY\n3 S: NLN BSY alice@example.com A\n3 S: NLN BSY alice@example.com B", []string{"8: comes of message 7, 1ms after it"}},
		"another status":   {both + "1 C: CHG 7 BSY\n3 S: NLN NLN alice@example.com A", nil},
		"of somebody else": {both + "1 C: CHG 7 BSY\n3 S: NLN BSY carol@example.com A", nil},
		"who comes later is told how it is": {"1 S: USR 4 OK alice@example.com Alice\n1 C: CHG 7 BSY\n3 C: VER 1 MSNP7\n3 S: USR 4 OK bob@example.com Bob\n3 S: NLN BSY alice@example.com A",
			nil},
		"within 60 s": {both + "1 C: CHG 7 BSY\n+59999ms\n3 S: NLN BSY alice@example.com A", []string{"8: comes of message 7, 1m0s after it"}},
		"not later":   {both + "1 C: CHG 7 BSY\n+60s\n3 S: NLN BSY alice@example.com A", nil},
		"a call": {both + "2 C: USR 1 alice@example.com 17.1\n2 S: USR 1 OK alice@example.com Alice\n2 C: CAL 2 bob@example.com\n3 S: RNG 4711 10.0.1.2:1863 CKI 84.5 alice@example.com Alice",
			[]string{"10: comes of message 9, 1ms after it"}},
		"a call of another": {both + "2 C: USR 1 alice@example.com 17.1\n2 S: USR 1 OK alice@example.com Alice\n2 C: CAL 2 carol@example.com\n3 S: RNG 4711 10.0.1.2:1863 CKI 84.5 alice@example.com Alice", nil},
		"a new contact": {both + "1 C: ADD 8 FL bob@example.com Bob\n1 S: ADD 8 FL 5 bob@example.com Bob\n3 S: ADD 0 RL 6 alice@example.com Alice",
			[]string{"9: comes of message 7, 2ms after it"}},
		"who is allowed does not hear of it": {both + "1 C: ADD 8 AL bob@example.com Bob\n3 S: ADD 0 RL 6 alice@example.com Alice", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, delivered(t, tt.script)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
