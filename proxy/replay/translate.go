package replay

import (
	"sync"

	"msnproxy/decode"
)

// Values maps what a recording had to what the live peer has, by the name of the
// parameter's kind in the command table: "trid", "cookie", "session", "address",
// "challenge" and so on. It is safe for concurrent use. The zero value is empty.
type Values struct {
	outer *Values

	mu   sync.RWMutex
	live map[value]string
}

// value is a recorded value.
type value struct{ kind, recorded string }

// Within returns an empty map of values that looks into v for what it does not have
// itself: TrIDs are of one connection, cookies of all of them.
func (v *Values) Within() *Values { return &Values{outer: v} }

// Set says what a recorded value is live.
func (v *Values) Set(kind, recorded, live string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.live == nil {
		v.live = make(map[value]string)
	}
	v.live[value{kind, recorded}] = live
}

// Forget lets go of a value that will not be met again.
func (v *Values) Forget(kind, recorded string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.live, value{kind, recorded})
}

// Live returns what a recorded value is live, and whether that is known.
func (v *Values) Live(kind, recorded string) (string, bool) {
	for ; v != nil; v = v.outer {
		v.mu.RLock()
		s, ok := v.live[value{kind, recorded}]
		v.mu.RUnlock()
		if ok {
			return s, true
		}
	}
	return "", false
}

// Unmapped is a value that differs from one session to the next and has no live
// counterpart: it was left as it was recorded.
type Unmapped struct {
	// Kind is the kind's name, Param the parameter's.
	Kind, Param string
	Recorded    string
}

// answerKind is the kind of a payload that is nothing but the answer to a challenge
// (QRY), which the table calls a challenge payload.
const answerKind = "response"

// Translate appends the frame of m to dst with the values that are mapped in place of
// the recorded ones. Everything else stays byte for byte; the length of a payload is
// counted anew if it was replaced. The answer to a challenge is the payload of QRY and
// is mapped as kind "response". It reports the volatile values that have no
// counterpart; a TrID of 0 is the server's own and needs none.
func (v *Values) Translate(dst []byte, m *decode.Message) ([]byte, []Unmapped) {
	var missing []Unmapped
	payload, replaced := []byte(nil), false
	if m.Form != nil && m.Form.Payload == "challenge" && m.Frame.Missing == 0 {
		recorded := string(m.Frame.Payload())
		if s, ok := v.Live(answerKind, recorded); ok {
			payload, replaced = []byte(s), true
		} else if recorded != "" {
			missing = append(missing, Unmapped{Kind: answerKind, Param: "payload", Recorded: recorded})
		}
	}
	dst = m.Splice(dst, func(_ int, f decode.Field) ([]byte, bool) {
		if f.Param == nil {
			return nil, false
		}
		kind := f.Param.Kind
		s, ok := v.Live(kind.Name, string(f.Raw))
		if !ok && kind.Volatile && !(kind.Name == "trid" && string(f.Raw) == "0") {
			missing = append(missing, Unmapped{Kind: kind.Name, Param: f.Name, Recorded: string(f.Raw)})
		}
		return []byte(s), ok
	}, payload, replaced)
	return dst, missing
}
