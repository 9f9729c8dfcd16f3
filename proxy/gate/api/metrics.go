package api

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"msnproxy/decode"
)

// unknown is the label of what the wire says and no table knows: what peers can choose
// freely is no label.
const unknown = "(unknown)"

// seconds are the upper bounds of the histograms' buckets.
var seconds = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// metrics count messages. The zero value is empty.
type metrics struct {
	messages   map[[2]string]int64 // verb, sender
	errors     map[string]int64    // code
	signins    map[string]int64    // result
	challenges map[string]int64    // verdict
	findings   map[string]int64    // rule
	unanswered map[string]int64    // verb
	in         map[uint32]bool     // connections that are signed in
	reply      histogram
	delivery   histogram
}

// histogram counts durations in buckets.
type histogram struct {
	counts []int64 // one more than seconds
	sum    time.Duration
}

func (h *histogram) add(d time.Duration) {
	if h.counts == nil {
		h.counts = make([]int64, len(seconds)+1)
	}
	i, _ := slices.BinarySearch(seconds, d.Seconds())
	h.counts[i]++
	h.sum += d
}

func bump[K comparable](m *map[K]int64, k K) {
	if *m == nil {
		*m = make(map[K]int64)
	}
	(*m)[k]++
}

// count counts an event's message, once.
func (x *metrics) count(e *Event) {
	m := e.Message
	if e.Kind == AHeld || e.Kind == ADecision {
		return
	}
	for i := range m.Findings {
		bump(&x.findings, m.Findings[i].Rule)
	}
	if e.Kind != AMessage {
		if m.Occurrence == decode.Closed || m.Occurrence == decode.Reset {
			delete(x.in, m.Conn.ID)
		}
		return
	}
	bump(&x.messages, [2]string{verb(m), m.From.String()})
	code := m.Error()
	if code != "" {
		bump(&x.errors, errorCode(code))
	}
	switch {
	case m.From != decode.Server || m.Conn == nil:
	case code != "" && decode.ActOf(m.ReplyVerb) == decode.ActSignIn:
		bump(&x.signins, "refused")
	case m.Act() == decode.ActSignIn && m.Conn.SignedIn && !x.in[m.Conn.ID]:
		if x.in == nil {
			x.in = make(map[uint32]bool)
		}
		x.in[m.Conn.ID] = true
		bump(&x.signins, "ok")
	}
	if m.Challenge != nil {
		bump(&x.challenges, m.Challenge.Result.String())
	}
	if m.ReplyTo != 0 {
		x.reply.add(m.Latency)
	}
	if m.Delivery.Kind != decode.NoDelivery {
		x.delivery.add(m.Delivery.After)
	}
}

// verb is the label of a message.
func verb(m *decode.Message) string {
	switch {
	case m.Frame.Kind != decode.Command:
		return "(" + m.Frame.Kind.String() + ")"
	case m.Error() != "":
		return "(error)"
	case m.Verb == nil:
		return unknown
	}
	return m.Verb.Name
}

// errorCode is the label of an error's code.
func errorCode(code string) string {
	if _, ok := decode.ErrorCodes()[code]; ok {
		return code
	}
	return unknown
}

// exposition writes metrics in Prometheus' text format.
type exposition struct{ strings.Builder }

func (w *exposition) family(name, kind, help string) {
	fmt.Fprintf(w, "# HELP msnproxy_%s %s\n# TYPE msnproxy_%s %s\n", name, help, name, kind)
}

// sample writes one value. labels are names and values in turn.
func (w *exposition) sample(name string, value float64, labels ...string) {
	w.WriteString("msnproxy_" + name)
	for i := 0; i < len(labels); i += 2 {
		w.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(w, `%s="%s"`, labels[i], labelEscape.Replace(strings.ToValidUTF8(labels[i+1], "\ufffd")))
	}
	if len(labels) > 0 {
		w.WriteByte('}')
	}
	w.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

var labelEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (w *exposition) one(name, kind, help string, value float64) {
	w.family(name, kind, help)
	w.sample(name, value)
}

func (w *exposition) counts(name, help, label string, m map[string]int64) {
	w.family(name, "counter", help)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		w.sample(name, float64(m[k]), label, k)
	}
}

func (w *exposition) histogram(name, help string, h *histogram) {
	w.family(name, "histogram", help)
	var n int64
	for i := range len(seconds) + 1 {
		le := "+Inf"
		if i < len(seconds) {
			le = strconv.FormatFloat(seconds[i], 'g', -1, 64)
		}
		if h.counts != nil {
			n += h.counts[i]
		}
		w.sample(name+"_bucket", float64(n), "le", le)
	}
	w.sample(name+"_sum", h.sum.Seconds())
	w.sample(name+"_count", float64(n))
}

func (x *metrics) write(w *exposition) {
	w.family("messages_total", "counter", "Messages that were seen, by verb and sender.")
	keys := slices.SortedFunc(maps.Keys(x.messages), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	for _, k := range keys {
		w.sample("messages_total", float64(x.messages[k]), "verb", k[0], "from", k[1])
	}
	w.counts("errors_total", "Error replies, by code.", "code", x.errors)
	w.counts("signins_total", "Sign-ins, by result.", "result", x.signins)
	w.counts("challenges_total", "Answers to challenges, by verdict.", "verdict", x.challenges)
	w.counts("findings_total", "Findings, by rule of msnproxy check.", "rule", x.findings)
	w.counts("unanswered_total", "Requests without a reply, by verb.", "verb", x.unanswered)
	w.histogram("reply_seconds", "Time from a request to its reply.", &x.reply)
	w.histogram("delivery_seconds", "Time from a message to its copy at another client.", &x.delivery)
}

// connections writes how many are open, by role and dialect.
func (w *exposition) connections(open map[[2]string]int) {
	w.family("connections", "gauge", "Open connections, by role and dialect.")
	for _, k := range slices.SortedFunc(maps.Keys(open), func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	}) {
		w.sample("connections", float64(open[k]), "role", k[0], "dialect", k[1])
	}
}
