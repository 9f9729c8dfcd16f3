package inspector

import (
	"slices"
	"strings"
	"testing"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/tally"
	"msnproxy/decode"
)

// Where the reply may be in what was not recorded nothing says that there is none: not
// the list, the ladder, the counts, nor the exchange.
func TestUnanswered(t *testing.T) {
	only := func(from decode.Sender) func(*capture.Record) bool {
		return func(r *capture.Record) bool { return r.Kind != capture.Data || r.From == from }
	}
	for _, tt := range []struct {
		name, capture string
		keep          func(*capture.Record) bool // nil: all
		lost          decode.Sender              // of whom the end of each connection is lost; 0: of nobody
		torn          bool                       // behind each of its messages something is no MSNP
		none          bool                       // nothing counts as unanswered
	}{
		{name: "whole", capture: "java"},
		{name: "whole", capture: "go"},
		{name: "the client only", capture: "java", keep: only(decode.Client), none: true},
		{name: "the client only", capture: "amsn", keep: only(decode.Client), none: true},
		{name: "the server only", capture: "twisted", keep: only(decode.Server), none: true},
		{name: "a gap at the end", capture: "java", lost: decode.Server, none: true},
		{name: "no MSNP in between", capture: "go", torn: true, none: true},
	} {
		t.Run(tt.name+" "+tt.capture, func(t *testing.T) {
			b := newPaneBench(t, Options{})
			counts, f := tally.New(), capture.NewFollower(capture.FollowOptions{})
			add := func(r *capture.Record) {
				counts.Event(f.Record(r))
				if err := b.x.Add(r); err != nil {
					t.Fatal(err)
				}
			}
			for _, r := range paneRecords(t, tt.capture) {
				if tt.keep != nil && !tt.keep(r) {
					continue
				}
				if tt.lost != 0 && r.Kind == capture.Closed {
					add(&capture.Record{Kind: capture.Lost, From: tt.lost, Lost: 7, Conn: r.Conn, Time: r.Time})
				}
				add(r)
				if tt.torn && r.Kind == capture.Data && r.From == decode.Client {
					add(&capture.Record{Kind: capture.Data, From: decode.Server, Conn: r.Conn, Time: r.Time,
						Frame: decode.Frame{Kind: decode.Opaque, Raw: []byte{0, 1}}})
				}
			}
			b.x.Finish()
			b.settle()
			want := int64(0)
			for _, c := range counts.Commands() {
				want += c.Wanted - c.Answered
			}
			if (want == 0) != tt.none {
				t.Fatalf("%d count as unanswered", want)
			}
			marked, asked := int64(0), 0
			for i := range b.x.Len() {
				switch r := b.x.Row(i); {
				case r.Unanswered:
					if marked++; b.ins.took(&r) != "no reply" {
						t.Errorf("row %d: %q", i, b.ins.took(&r))
					}
				case r.WantsReply && !r.Answered:
					if asked++; b.ins.took(&r) != "" {
						t.Errorf("row %d: %q", i, b.ins.took(&r))
					}
				}
			}
			if marked != want || tt.none && tt.keep == nil && asked == 0 {
				t.Errorf("%d rows are marked, %d have nothing to say; want %d marked", marked, asked, want)
			}
			for _, filter := range []string{"", "size >= 0", `from == "client"`, `from == "server"`} {
				b.ins.applyFilter(filter)
				b.keys("5")
				b.settle()
				if _, _, _, open := sums(b.stats().report); open != want && !strings.HasPrefix(filter, "from") || open > want {
					t.Errorf("with the filter %q %d count as unanswered, want %d", filter, open, want)
				}
			}
			b.ins.applyFilter("")
			for i := 0; tt.none && i < b.x.Len(); i += 10 {
				b.ins.sel = i
				for _, view := range []string{"1", "2"} {
					b.keys(view)
					b.settle()
					b.seesNot("no reply")
				}
			}
		})
	}
}

// While it is recorded a request without a reply waits.
func TestUnansweredLive(t *testing.T) {
	b := newPaneBench(t, Options{Live: true})
	conn := b.paneOpen(1)
	says := func(when, want string) {
		t.Helper()
		b.settle()
		r := b.x.Row(1)
		if got := b.ins.took(&r); r.Verb != "VER" || got != want {
			t.Errorf("%s: %s %q, want %q", when, r.Verb, got, want)
		}
		for _, view := range []string{"1", "2"} {
			b.keys(view)
			for _, text := range []string{"waiting", "no reply"} {
				if text == want {
					b.sees(text)
				} else {
					b.seesNot(text)
				}
			}
		}
	}
	b.paneLine(conn, decode.Client, "VER 1 MSNP7 CVR0\r\n")
	says("before the server is heard", "")
	b.paneLine(conn, decode.Server, "QNG\r\n")
	says("while it is open", "waiting")
	if err := b.x.Add(&capture.Record{Kind: capture.Closed, Conn: conn}); err != nil {
		t.Fatal(err)
	}
	says("at its end", "no reply")
}

// The exchange says why there is only the request.
func TestUnansweredExchange(t *testing.T) {
	for _, tt := range []struct {
		name           string
		heard          bool // the server
		closed, finish bool
		want           string
	}{
		{"open", true, false, false, "no reply has come yet"},
		{"open, nobody heard", false, false, false, "no reply has come yet"},
		{"closed", true, true, false, "no reply came before the connection ended"},
		{"closed, nobody heard", false, true, false, "its reply may be in what was not recorded"},
		{"read", true, false, true, "no reply came before the recording ends"},
		{"read, nobody heard", false, false, true, "its reply may be in what was not recorded"},
	} {
		b := newPaneBench(t, Options{})
		conn := b.paneOpen(1)
		b.paneLine(conn, decode.Client, "VER 1 MSNP7 CVR0\r\n")
		if tt.heard {
			b.paneLine(conn, decode.Server, "QNG\r\n")
		}
		if tt.closed {
			if err := b.x.Add(&capture.Record{Kind: capture.Closed, Conn: conn}); err != nil {
				t.Fatal(err)
			}
		}
		if tt.finish {
			b.x.Finish()
		}
		b.settle()
		b.ins.sel = 1
		b.ins.detail.setTab(exchangeTab)
		b.ins.detail.refresh()
		texts := make([]string, 0, 3)
		for _, e := range b.ins.detail.entries {
			texts = append(texts, e.value)
		}
		if !slices.Contains(texts, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, texts, tt.want)
		}
	}
}
