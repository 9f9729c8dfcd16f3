package filter

import (
	"slices"
	"strings"
	"sync"
	"time"

	"msnproxy/decode"
)

// The kinds of what is no message.
const (
	kindEnd  = "end"
	kindLost = "lost"
)

// names are those that say something of every message.
var names = []Name{
	{"number", "number", "number of the frame, from 1; 0: it is no message", func(m *decode.Message) any { return int(m.Number) }},
	{"time", "string", `when: time >= "22:03:34", time < "2026-11-24 22:03:34", time > "+5s" (after the first message); empty: not known`, func(m *decode.Message) any {
		if m.Time.IsZero() {
			return ""
		}
		return m.Time.UTC().Format(time.RFC3339Nano)
	}},
	{"conn", "number", "connection", func(m *decode.Message) any { return int(m.Conn.ID) }},
	{"session", "number", "sign-in that the connection belongs to; 0: not known", func(m *decode.Message) any {
		if m.Conn.Session == nil {
			return 0
		}
		return m.Conn.Session.Number
	}},
	{"conversation", "number", "chat that the message belongs to; 0: none", func(m *decode.Message) any {
		if v := m.Conversation(); v != nil {
			return v.Number
		}
		return 0
	}},
	{"role", "string", `"DS", "NS", "DS/NS" (either), "SB", "MSNFTP", "WEB" or "?"`, func(m *decode.Message) any { return m.Conn.Role.String() }},
	{"dialect", "number", "number of the dialect: 7 is MSNP7; 0: not known", func(m *decode.Message) any { return m.Conn.Dialect }},
	{"account", "string", "who is signed in on the connection", func(m *decode.Message) any { return m.Conn.Account }},
	{"handle", "string", "whom the message is about or comes from: the account that its line names, or the other end of a routed payload (SDG and the like)", func(m *decode.Message) any { return m.Peer().Account }},
	{"network", "string", `number of that account's network, "1" is Messenger; empty: not named`, func(m *decode.Message) any { return m.Peer().Network }},
	{"endpoint", "string", `which of the places where that account is signed in, "{GUID}"; empty: not named`, func(m *decode.Message) any { return m.Peer().EndPoint }},
	{"circle", "string", "account of the circle or group chat that the message goes to, comes from or comes by; empty: none", func(m *decode.Message) any { return m.Circle() }},
	{"via", "string", "circle or gateway that the account comes by; empty: none", func(m *decode.Message) any { return m.Peer().Via }},
	{"client", "string", "host:port of the client", func(m *decode.Message) any { return m.Conn.Client }},
	{"server", "string", "host:port of the server", func(m *decode.Message) any { return m.Conn.Server }},
	{"from", "string", `"client" or "server"; empty: it is no message`, func(m *decode.Message) any {
		if m.Occurrence != decode.NoOccurrence {
			return ""
		}
		return m.From.String()
	}},
	{"ended", "string", `of the end of a connection: "closed", "reset" or "half-closed" (one end is done); empty: it is no end`, func(m *decode.Message) any {
		if m.Occurrence.Ends() {
			return m.Occurrence.String()
		}
		return ""
	}},
	{"by", "string", `who ended the connection: "client" or "server"; empty: it is no end, or that is not known`, func(m *decode.Message) any {
		if m.Occurrence.Ends() && m.By != 0 {
			return m.By.String()
		}
		return ""
	}},
	{"verb", "string", "three letters, the digits of an error, or the action of a web service: ABFindAll", func(m *decode.Message) any { return m.Name() }},
	{"trid", "number", "TrID; -1: none", func(m *decode.Message) any {
		if n, ok := m.TrID(); ok {
			return int(n)
		}
		return -1
	}},
	{"error", "number", "error code; 0: no error", func(m *decode.Message) any {
		n := 0
		for _, c := range m.Error() {
			n = n*10 + int(c-'0')
		}
		return n
	}},
	{"noise", "string", `"keep-alive", "typing", "repeated presence" or "empty line"; empty: none of these`, func(m *decode.Message) any { return m.Noise.String() }},
	{"kind", "string", `"command", "blank", "block", "opaque" or "web" (a message of HTTP); no message: "end" or "lost" (bytes are missing)`, func(m *decode.Message) any {
		switch {
		case m.Occurrence.Ends():
			return kindEnd
		case m.Occurrence != decode.NoOccurrence:
			return kindLost
		}
		return m.Frame.Kind.String()
	}},
	{"sso", "string", `whether the answer to the nonce of a sign-in is right for the key that came with the ticket: "right" or "wrong"; empty: that is not known`, func(m *decode.Message) any { return m.SSO.String() }},
	{"http_status", "number", "status of HTTP in the answer of a web service; 0: none", func(m *decode.Message) any {
		if m.Call == nil {
			return 0
		}
		return m.Call.Status
	}},
	{"size", "number", "bytes of the frame", func(m *decode.Message) any { return len(m.Frame.Raw) }},
	{"args", "list", "the parameters as they stand on the wire", func(m *decode.Message) any {
		args := make([]string, m.Len())
		for i := range args {
			args[i] = string(m.Arg(i))
		}
		return args
	}},
	{"line", "string", "the command line as it stands on the wire", func(m *decode.Message) any { return string(m.Frame.Line()) }},
	{"summary", "string", "the one-line summary", func(m *decode.Message) any { return m.Summary() }},
	{"text", "string", "text of the payload: what was written", func(m *decode.Message) any {
		if p := m.Payload(); p != nil {
			return p.Text
		}
		return ""
	}},
	{"content", "string", "content type of the payload", func(m *decode.Message) any {
		if p := m.Payload(); p != nil {
			return p.ContentType
		}
		return ""
	}},
	{"payload", "string", "the payload as it stands on the wire", func(m *decode.Message) any { return string(m.Frame.Payload()) }},
	{"nodes", "list", `everything in the payload and in descriptions of pictures, also what is nested, each "Name: value": any(nodes, # == "CallsId: 7")`, func(m *decode.Message) any {
		list := []string{}
		for name, value := range m.Nodes() {
			list = append(list, name+": "+value)
		}
		return list
	}},
	{"node", "map", `the same by name, the first of that name: node["EUF-GUID"] contains "A4268EEC"; empty: there is none`, func(m *decode.Message) any {
		first := make(map[string]string)
		for name, value := range m.Nodes() {
			if _, ok := first[name]; !ok {
				first[name] = value
			}
		}
		return first
	}},
	{"reply_to", "number", "number of the message that this one answers; 0: none", func(m *decode.Message) any { return int(m.ReplyTo) }},
	{"latency_ms", "decimal", "milliseconds from the request to this reply; 0: no reply", func(m *decode.Message) any {
		return float64(m.Latency) / 1e6
	}},
	{"copy_of", "number", "number of the message of another client that is delivered or told of here; 0: none", func(m *decode.Message) any { return int(m.Delivery.Of) }},
	{"delivered_ms", "decimal", "milliseconds from that message to here; 0: none", func(m *decode.Message) any {
		return float64(m.Delivery.After) / 1e6
	}},
	{"fate", "string", `what a proxy made of it: "passed", "withheld", "injected" or "held" (not decided)`, func(m *decode.Message) any { return m.Fate.String() }},
	{"injected", "bool", "a proxy has made it: nobody sent it", func(m *decode.Message) any { return m.Fate == decode.Injected }},
	{"changed_by", "list", `who changed, withheld or injected it: any(changed_by, # contains "lost acks")`, func(m *decode.Message) any {
		return append([]string{}, m.ChangedBy...)
	}},
	{"held_ms", "decimal", "milliseconds that it stood in the proxy; 0: it was not held", func(m *decode.Message) any {
		return float64(m.HeldFor) / 1e6
	}},
	{"findings", "list", `rules of the findings: "challenge.mismatch" in findings`, func(m *decode.Message) any {
		rules := make([]string, len(m.Findings))
		for i, f := range m.Findings {
			rules[i] = f.Rule
		}
		return rules
	}},
	{"severity", "number", "of the gravest finding: 1 note, 2 warning, 3 error; 0: none", func(m *decode.Message) any {
		worst := decode.Severity(0)
		for _, f := range m.Findings {
			worst = max(worst, f.Severity)
		}
		return int(worst)
	}},
}

// allNames returns the general names and those of the command table's
// parameters. A parameter that is called like a general name is found as the
// general one only ("session" of RNG; use args for that one).
var allNames = sync.OnceValue(func() []*Name {
	known := make(map[string]*Name)
	for i := range names {
		known[names[i].Name] = &names[i]
	}
	for _, p := range Parameters() {
		if known[p.Name] == nil {
			known[p.Name] = &p
		}
	}
	list := make([]*Name, 0, len(known))
	for _, n := range known {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b *Name) int { return strings.Compare(a.Name, b.Name) })
	return list
})

// Parameters returns the names of the command table's parameters.
func Parameters() []Name {
	about := make(map[string]string)
	for _, v := range decode.Verbs() {
		for i := range v.Forms {
			for _, p := range v.Forms[i].Params {
				about[p.Name] = p.Kind.About
			}
		}
	}
	for _, p := range decode.WebParams() {
		if about[p.Name] == "" {
			about[p.Name] = p.Kind.About
		}
	}
	list := make([]Name, 0, len(about))
	for name, text := range about {
		list = append(list, Name{name, "string", text, func(m *decode.Message) any {
			s, _ := m.Value(name)
			return s
		}})
	}
	slices.SortFunc(list, func(a, b Name) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func zero(kind string) any {
	switch kind {
	case "number":
		return 0
	case "decimal":
		return 0.0
	case "bool":
		return false
	case "list":
		return []string{}
	case "map":
		return map[string]string{}
	}
	return ""
}
