package proxy

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"msnproxy/capture"
	"msnproxy/decode"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/action"
	"msnproxy/proxy/gate/rule"
	"msnproxy/proxy/proxytest"
)

// unhurried is a client's connection: it closes when all has happened that is under way, so
// that where the script ends early two runs end alike.
type unhurried struct{ net.Conn }

func (c unhurried) Close() error {
	time.Sleep(time.Second)
	return c.Conn.Close()
}

// scripted is a run of the demo's script through a gate, in memory.
type scripted struct {
	transcript string // what was said on each connection, and what became of it
	hits       string // how many of the messages of each kind were changed: "S ACK 3/3"
	err        error
}

// runScripted plays the script. faults nil: there is no gate.
func runScripted(t *testing.T, faults *rule.Set, pace time.Duration, dialects ...string) (run scripted) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var host proxytest.MemoryNetwork
		server, err := proxytest.Start(proxytest.Config{Accounts: proxytest.DemoAccounts(), Seed: 7, Listen: host.Listen, Dialects: dialects})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		front, _ := host.Listen()
		cfg := Config{Listener: front.(*memoryListener), Dialer: host.Dial, Upstream: server.DS, Allow: []string{server.NS, server.SB}}
		if faults != nil {
			cfg.Gate = gate.New(gate.Options{Faults: faults, Follow: capture.FollowOptions{Check: true}})
		}
		inBubble(t, cfg, func(m *memory) {
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			dial := func(ctx context.Context, network, address string) (net.Conn, error) {
				c, err := host.Dial(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return unhurried{c}, nil
			}
			run.err = proxytest.Script{Dial: dial, Dialects: dialects, Pace: pace}.Run(ctx, front.Addr().String(), server)
			time.Sleep(2 * time.Minute)
			run.transcript, run.hits = m.transcript(faults != nil && ends(faults))
		})
	})
	return run
}

// ends reports whether rules close connections.
func ends(set *rule.Set) bool {
	return slices.ContainsFunc(set.All(), func(r *rule.Rule) bool {
		return !r.Off && slices.ContainsFunc(r.Do, func(a action.Action) bool { return a.Kind == action.Close })
	})
}

// minted are cookies, sessions, challenges and the like.
var minted = regexp.MustCompile(`[0-9.]{6,}|[0-9a-f]{32}`)

// difference is the first line in which two transcripts differ.
func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return fmt.Sprintf("line %d:\n%s\n%s", i+1, x[i], strings.Join(y[min(i, len(y)):min(i+1, len(y))], ""))
		}
	}
	return fmt.Sprintf("%d lines more", len(y)-len(x))
}

// transcript tells what was said on each connection, and which messages were changed.
// With ends a direction ends at the last message that was changed: whether what its sender
// says after that is still read, as the connection is closed, is a matter of chance.
func (m *memory) transcript(ends bool) (text, hits string) {
	type row struct {
		what    string
		changed string
	}
	rows := make(map[string]*row) // by connection, sender and offset
	var order []string
	conns := make(map[uint32]*[3]strings.Builder) // by who says it: who is first is a matter of chance
	last := make(map[*strings.Builder]int)
	for _, r := range m.j.all() {
		if r.Conn == nil {
			continue
		}
		if conns[r.Conn.ID] == nil {
			conns[r.Conn.ID] = new([3]strings.Builder)
		}
		sb := &conns[r.Conn.ID][r.From]
		by := strings.Join(r.ChangedBy, ", ")
		switch r.Kind {
		case capture.Data:
			fmt.Fprintf(sb, "%s %v %q", r.From.Letter(), r.Fate, r.Frame.Raw)
			if r.Fate != capture.Injected {
				key := fmt.Sprint(r.Conn.ID, r.From, r.Frame.Offset)
				rows[key] = &row{r.From.Letter() + " " + string(r.Frame.Verb()), by}
				order = append(order, key)
			}
		case capture.Became:
			fmt.Fprintf(sb, "%s became %v %d", r.From.Letter(), r.Fate, r.Frame.Offset)
			if was := rows[fmt.Sprint(r.Conn.ID, r.From, r.Frame.Offset)]; was != nil {
				was.changed = by
			}
		case capture.Remark:
			fmt.Fprintf(sb, "%s", r.Text)
		default:
			continue // who ends first is, too
		}
		fmt.Fprintf(sb, " %q by %q after %v\n", r.Sent, by, r.HeldFor)
		if by != "" {
			last[sb] = sb.Len()
		}
	}
	var parts []string
	for _, sb := range conns {
		said := func(from decode.Sender) string {
			b := &sb[from]
			if n := last[b]; ends && n > 0 {
				return b.String()[:n]
			}
			return b.String()
		}
		parts = append(parts, minted.ReplaceAllString(said(decode.Client)+said(decode.Server)+said(0), "N"))
	}
	slices.Sort(parts)
	all, hit := make(map[string]int), make(map[string]int)
	for _, key := range order {
		r := rows[key]
		all[r.what]++
		if r.changed != "" && r.changed != "the end of the connection" {
			hit[r.what]++
		}
	}
	var list []string
	for what, n := range hit {
		list = append(list, fmt.Sprintf("%s %d/%d", what, n, all[what]))
	}
	slices.Sort(list)
	return strings.Join(parts, "\n"), strings.Join(list, ", ")
}

// all stands for every message that is said in a run.
const all = "all"

// presetHits are, for each preset, the messages of the script that it hits: of how many of
// their kind; and, for those that are more than a way to deliver the same, what the script's
// clients make of it.
var presetHits = []struct{ fault, hits, failure string }{
	{"busy", "S USR 1/2", "answered 600"},
	{"busy 600", "S USR 1/2", "answered 600"},
	{"busy 500", "S USR 1/2", "answered 500"},
	{"busy 911", "S USR 1/2", "answered 911"},
	{"busy 928", "S USR 1/2", "answered 928"},
	{"chars-for-bytes", "C MSG 1/2, S MSG 1/7", `not "Hello Bob, schöne Grüße vom Café"`},
	{"dead-switchboard", "S XFR 1/3", "connecting to the SB"},
	{"double", "S ILN 2/2, S NLN 4/4", ""},
	{"elsewhere", "S CHG 1/1", "closed by the server"},
	{"glue", all, ""},
	{"late-ack", "S ACK 2/2", "waiting for the reply to MSG"},
	{"late-ring", "S RNG 1/1", ""},
	{"lf", all, ""},
	{"long-name", "C ADD 1/1, S ILN 1/1, S LST 7/9, S NLN 1/1, S USR 2/4", "answered 201"},
	{"lost-ack", "S ACK 1/1", "waiting for the reply to MSG"},
	{"nak", "C MSG 1/2", "waiting for a MSG"},
	{"no-qry", "C QRY 1/1", "closed by the server"},
	{"percent", "S ILN 1/1, S JOI 1/1, S MSG 10/15, S NLN 3/3", "waiting for NLN"},
	{"reorder-presence", "S NLN 4/4", ""},
	{"silent-qng", "S QNG 1/1", "waiting for QNG"},
	{"split", all, ""},
	{"stale-cookie", "C USR 1/7", "answered 911"},
	{"syn-long", "S LST 3/13", ""},
	{"syn-short", "S LST 3/13", ""},
	{"trid-0", "S BLP 1/1, S CHG 1/1, S GTC 1/1, S PRP 5/5", "waiting for the reply to CHG"},
	{"trid-0 replies", "S BLP 1/1, S CHG 1/1, S GTC 1/1, S PRP 5/5", "waiting for the reply to CHG"},
	{"trid-0 requests", "C CHG 1/1", "waiting for the reply to CHG"},
	{"trid-repeat", "S BLP 1/1, S CHG 1/1, S PRP 2/5", "waiting for the reply to CHG"},
	{"trid-repeat replies", "S BLP 1/1, S CHG 1/1, S PRP 2/5", "waiting for the reply to CHG"},
	{"trid-repeat requests", "C ADD 1/1", "waiting for the reply to ADD"},
	{"unknown-verb", "S 200 3/3, S CHG 3/4", ""},
	{"utf8-cut", "S ILN 1/1, S MSG 1/7, S NLN 1/1", `not "Hello Bob, schöne Grüße vom Café"`},
	{"wrong-length", "C MSG 1/1", "waiting for a MSG"},
	{"wrong-length +1", "C MSG 1/1", "waiting for a MSG"},
	{"wrong-length -1", "C MSG 1/1, S MSG 1/6", "reads \"\""},
	{"wrong-length huge", "C MSG 1/1", "waiting for a MSG"},
	{"wrong-qry", "C QRY 1/1", "closed by the server"},
	{"wrong-trid", "S BLP 1/1, S CHG 1/1, S GTC 1/1, S PRP 5/5", "waiting for the reply to CHG"},
	{"wrong-trid replies", "S BLP 1/1, S CHG 1/1, S GTC 1/1, S PRP 5/5", "waiting for the reply to CHG"},
	{"wrong-trid requests", "C CHG 1/1", "waiting for the reply to CHG"},
}

// Each preset hits exactly the messages that it is about, the same with the same seed; and
// switched off it is as if there were no gate.
func TestPresetsInTheScript(t *testing.T) {
	without := runScripted(t, nil, 0)
	if without.err != nil || without.hits != "" {
		t.Fatal(without.err, without.hits)
	}
	seen := make(map[string]bool)
	for _, tt := range presetHits {
		name, _, _ := strings.Cut(tt.fault, " ")
		seen[name], seen[tt.fault] = true, true
		t.Run(tt.fault, func(t *testing.T) {
			set := func(off bool) *rule.Set {
				list, err := rule.ParseFault(tt.fault)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range list {
					r.Off = off
				}
				s := rule.New()
				s.SetSeed(7)
				s.Add(list...)
				return s
			}
			judge(t, tt.hits, tt.failure, runScripted(t, set(false), 0), runScripted(t, set(false), 0))
			if off := runScripted(t, set(true), 0); off.transcript != without.transcript || off.err != nil {
				t.Errorf("switched off it says %v, and differs in %s", off.err, difference(without.transcript, off.transcript))
			}
		})
	}
	for _, p := range rule.Presets() {
		for _, v := range append([]string{""}, p.Values...) {
			if name := strings.TrimSpace(p.Name + " " + v); !seen[name] {
				t.Errorf("%s is not tried", name)
			}
		}
	}
}

// judge compares two runs with each other and with what is to be hit.
func judge(t *testing.T, hits, failure string, a, b scripted) {
	t.Helper()
	if a.transcript != b.transcript {
		t.Errorf("two runs with the same seed differ in %s", difference(a.transcript, b.transcript))
	}
	if hits == all {
		for _, what := range strings.Split(a.hits, ", ") {
			_, counts, _ := strings.Cut(what[2:], " ")
			if n, m, _ := strings.Cut(counts, "/"); n != m {
				t.Errorf("hit: %s", what)
			}
		}
		if n := strings.Count(a.hits, ","); n < 45 {
			t.Errorf("%d kinds of messages are hit", n+1)
		}
	} else if a.hits != hits {
		t.Errorf("hit: %s, want %s", a.hits, hits)
	}
	if failure == "" && a.err != nil || failure != "" && (a.err == nil || !strings.Contains(a.err.Error(), failure)) {
		t.Errorf("the script says %v, want %q", a.err, failure)
	}
}

// The nine rules of the documentation, each alone, about words that the script says.
func TestNineRulesInTheScript(t *testing.T) {
	text, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	_, file, _ := strings.Cut(string(text), "```toml\n")
	file, _, _ = strings.Cut(file, "```")
	file = strings.NewReplacer("colour", "schöne", "color", "liebe", "chance = 0.1", "chance = 0.5", `verb == "ACK"`, `verb == "BPR"`).Replace(file)
	hits := []struct{ name, hits, failure string }{
		{"rename MSNP8", "C VER 6/6", ``},
		{"every third ACK is lost", "S BPR 4/17", ``},
		{"wrong answer to the challenge", "C QRY 1/1", `closed by the server`},
		{"late invitation", "S RNG 1/1", ``},
		{"moved to another server", "S USR 1/5", `connection reset by peer`},
		{"American", "C MSG 1/2", `reads "Hello Bob, liebe Grüße`},
		{"gone right after sign-in", "S USR 1/2", `closed by the server`},
		{"one in ten is not delivered", "C MSG 1/6", `could not deliver it (NAK)`},
		{"911 instead of welcome", "S USR 1/2", `answered 911`},
	}
	for i, tt := range hits {
		t.Run(tt.name, func(t *testing.T) {
			set := func() *rule.Set {
				s, err := rule.Parse(file, "rules.md")
				if err != nil {
					t.Fatal(err)
				}
				if len(s.All()) != 9 {
					t.Fatalf("%d rules", len(s.All()))
				}
				for j, r := range s.All() {
					r.Off = j != i
				}
				return s
			}
			if name := set().All()[i].Name; name != tt.name {
				t.Fatalf("the rule is called %s", name)
			}
			var dialects []string
			pace := time.Duration(0)
			switch i {
			case 0:
				dialects = []string{"MSNP8", "MSNP7", "CVR0"}
			case 4:
				pace = 3500 * time.Millisecond // it comes in the midst of it
			}
			run := runScripted(t, set(), pace, dialects...)
			judge(t, tt.hits, tt.failure, run, runScripted(t, set(), pace, dialects...))
			if i == 4 && !strings.Contains(run.transcript, `S injected "XFR 0 NS N:40003 0 N:40003\r\n"`) {
				t.Error("the client is not told, or not kept behind the proxy")
			}
		})
	}
}
