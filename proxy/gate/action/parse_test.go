package action

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each action is printed as it is parsed; what stands behind => where it is written in
// another way.
var written = []string{
	`forward`, `drop`, `delay 5s`, `postpone 200ms`, `delay 90s => delay 1m30s`,
	`set text = replace(text, "colour", "color")`,
	`set args = map(args, # == "MSNP8" ? "MSNP7" : #)`,
	`set args = filter(args, # != "MSNP8")`,
	`set header "X-MMS-IM-Format" = "FN=Arial"`, `set header Content-Type="text/plain" => set header "Content-Type" = "text/plain"`,
	`set payload = "00000000000000000000000000000000"`, `set trid = trid + 1`, `set friendly= 'Bob' => set friendly = 'Bob'`,
	`set text = text == "a" ? "b, c" : [1, 2][0]`,
	`replace "911 {trid}"`, `replace "XFR {trid} NS 10.0.0.5:1863 0 {args[0]}"`,
	`reply "NAK {trid}"`, `reply 'NAK {trid}' => reply "NAK {trid}"`, `reply raw "NAK\n"`,
	`send client "OUT OTH"`, `send server "PNG"`, `before send client "OUT"`, `after send client "OUT" => send client "OUT"`,
	`after 10s send client "XFR 0 NS 10.0.0.6:1863 0 10.0.0.5:1863"`, `send client raw "\x00{{\"\\"`,
	`send client "MSG a@example.com A 0\r\nContent-Type: text/plain\r\n\r\nhi"`,
	`send server "USR 4 SSO S t=a b= {0f0e0d0c-0b0a-0908-0706-050403020100}" => send server "USR 4 SSO S t=a b= {{0f0e0d0c-0b0a-0908-0706-050403020100}"`,
	`repeat 2`, `repeat => repeat 1`, `repeat 1000`, `close`, `close client`, `close server`, `reset`, `reset client`,
	`hold`, `hold for 30s`, `mark a`, `mark "two words"`, `mark 'b' => mark b`, `mark "{a}"`, `remark "lost {account}, \"x\""`,
	`raw "MSG\xff\x00\t"`, `raw "\x41\x7B" => raw "A{{"`,
	`latency 200ms±50ms`, `bandwidth 5kB/s`, `slice 1  every 2ms => slice 1 every 2ms`, `coalesce 50ms`, `stall`, `limit 100`,
	`corrupt 1/10000`, `cut at 3`, `cut payload`, `half-close`,
	`  drop  => drop`,
	`remark "{replace(text, \"}\", '{')}"`, `remark "{text + ` + "`\\n`" + `}" => remark "{text + ` + "`\\\\n`" + `}"`,
}

func TestParse(t *testing.T) {
	for _, line := range written {
		in, want, other := strings.Cut(line, " => ")
		if !other {
			want = in
		}
		a, err := Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := a.String(); got != want {
			t.Errorf("%s: printed as %s", in, got)
		}
		again, err := Parse(a.String())
		if err != nil || again.String() != a.String() {
			t.Errorf("%s: parsed again: %v, %v", in, again, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, test := range []struct {
		in     string
		column string
		text   string
	}{
		{``, "column 1", "an action is missing: one of forward"},
		{`  `, "column 3", "an action is missing"},
		{`dorp`, "column 1", "did you mean drop?"},
		{`explode`, "column 1", "there are forward, drop"},
		{`fault`, "column 1", "no action is called"},
		{`drop it`, "column 6", `"it" is too much: drop ends before it`},
		{`delay`, "column 6", "a time is missing"},
		{`delay 5`, "column 7", "5s"},
		{`delay 0s`, "column 7", "a time is missing"},
		{`delay -1s`, "column 7", "a time is missing"},
		{`hold 30s`, "column 6", "hold for 30s"},
		{`repeat 0`, "column 8", "from 1 to 1000"},
		{`repeat 1001`, "column 8", "from 1 to 1000"},
		{`repeat x`, "column 8", "from 1 to 1000"},
		{`close both`, "column 7", "neither client nor server"},
		{`send "OUT"`, "column 6", "client or server"},
		{`send client`, "column 12", "within quotes"},
		{`send client OUT`, "column 13", "within quotes"},
		{`before drop`, "column 8", "only send goes before"},
		{`after 5s drop`, "column 10", "only send goes after"},
		{`after drop`, "column 7", "a time is missing"},
		{`set text`, "column 9", "= and an expression"},
		{`set text == "a"`, "column 10", "= and an expression"},
		{`set text =`, "column 11", "an expression is missing"},
		{`set text = texd`, "column 12", "did you mean text?"},
		{`set text = "ü" + texd`, "column 18", "did you mean text?"},
		{`set length = 5`, "column 5", "raw sends a wrong one"},
		{`set verb = "X"`, "column 5", "replace"},
		{`set cokie = "1"`, "column 5", "did you mean cookie?"},
		{`set whatever = "1"`, "column 5", "explain VERB"},
		{`set header "a b" = "1"`, "column 12", "no name of a header"},
		{`set header "" = "1"`, "column 12", "is missing"},
		{`set header = "1"`, "column 12", "no name of a header"},
		{`replace "hello"`, "column 9", "is no command"},
		{`replace "ACK 1\r\nabc"`, "column 9", "ACK has no payload"},
		{`replace "NAK {trid"`, "column 14", "without its }"},
		{`replace "NAK {}"`, "column 14", "write"},
		{`replace "NAK {trod}"`, "column 15", "did you mean trid?"},
		{`replace "NAK \q"`, "column 14", `no such escape`},
		{`replace "NAK \x0g"`, "column 14", `two hex digits`},
		{`replace "NAK`, "column 9", "is not closed"},
		{`mark`, "column 5", "a name is missing"},
		{`mark ""`, "column 6", "is missing"},
		{`remark bare`, "column 8", "within quotes"},
		{`slice "1"`, "column 1", "slice takes the bytes of a write"},
	} {
		_, err := Parse(test.in)
		if err == nil {
			t.Errorf("%s: no error", test.in)
			continue
		}
		text := strings.ReplaceAll(err.Error(), "is written {{", "write")
		if !strings.Contains(text, "in "+test.column+"\n") || !strings.Contains(text, test.text) {
			t.Errorf("%s: want %s in %s, got\n%v", test.in, test.text, test.column, err)
		}
	}
}

func TestParseList(t *testing.T) {
	for _, test := range []struct {
		in   string
		want []string
	}{
		{`drop`, []string{`drop`}},
		{`drop, reply "NAK {trid}, or not"`, []string{`drop`, `reply "NAK {trid}, or not"`}},
		{`set text = replace(text, "a", "b"),forward`, []string{`set text = replace(text, "a", "b")`, `forward`}},
		{`remark "a\",b" , remark 'c",d'`, []string{`remark "a\",b"`, `remark "c\",d"`}},
		{"set text = `a\\`, drop", []string{"set text = `a\\`", "drop"}},
		{`set args = [trid, "a"], slice 1`, []string{`set args = [trid, "a"]`, `slice 1`}},
	} {
		list, err := ParseList(test.in)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
			continue
		}
		var got []string
		for _, a := range list {
			got = append(got, a.String())
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: %s", test.in, d)
		}
		again, err := ParseList(Join(list))
		if err != nil || Join(again) != Join(list) {
			t.Errorf("%s: joined: %s, %v", test.in, Join(list), err)
		}
	}
	for in, want := range map[string]string{
		``:                           "column 1",
		`drop,`:                      "column 6",
		`drop,,drop`:                 "column 6",
		`drop, delay`:                "column 12",
		`drop, remark "a`:            "column 14",
		`drop, set text = x,`:        "column 18",
		`drop, replace "NAK {trod}"`: "column 21",
	} {
		if _, err := ParseList(in); err == nil || !strings.Contains(err.Error(), want+"\n") {
			t.Errorf("%s: want an error in %s, got %v", in, want, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range written {
		in, _, _ := strings.Cut(line, " => ")
		f.Add(in)
	}
	f.Add(`drop, reply "NAK {trid}", after 5s send client raw "\x00"`)
	f.Fuzz(func(t *testing.T, in string) {
		list, err := ParseList(in)
		if err != nil {
			if !strings.Contains(err.Error(), " in column ") {
				t.Errorf("%q: the error names no column: %v", in, err)
			}
			return
		}
		text := Join(list)
		again, err := ParseList(text)
		if err != nil {
			t.Fatalf("%q was printed as %q: %v", in, text, err)
		}
		if got := Join(again); got != text {
			t.Errorf("%q was printed as %q, and then as %q", in, text, got)
		}
		for _, a := range list {
			if one, err := Parse(a.String()); err != nil || one.String() != a.String() {
				t.Errorf("%q: %v, %v", a, one, err)
			}
		}
	})
}
