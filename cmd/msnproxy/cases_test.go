package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The cases are inputs on which the program once failed, by kind: foreign captures
// and logs, points of the protocol, and what came up in use. findings are the rules
// of all that check finds, and so says what it must not find, too.
var cases = []struct {
	file     string
	messages int
	findings string // rules in order of names, one for each finding
	says     string // a pattern that read's text has
	never    string // and one that it has not
}{
	// Captures that are incomplete: no finding that only the gap explains.
	{"foreign/01-snaplen96-sb.pcap", 8, rules(3, "frame.lost"), `packets of this capture are cut at 96 bytes.*-s 0(?s:.*)enters… \(cut\)`, `no MSNP|payload\.|NS  `},
	{"foreign/01c-snaplen96-sb-long.pcap", 32, rules(19, "frame.lost"), `cut at 96 bytes`, `(?s)cut at 96.*cut at 96|NS  `},
	{"foreign/01d-snaplen68-ns.pcap", 23, rules(9, "frame.lost"), `cut at 68 bytes(?s:.*)S: VER 1 +speaks MSNP7 MS… \(cut\)(?s:.*)S: INF 2 +by MD5  \(`, `(?s)cut at 68.*cut at 68`},
	{"foreign/02c-oneway-client-ns.pcap", 12, "frame.lost", `256 bytes from the server are missing`, ``},
	{"foreign/02e-first-client-segment-lost-sb.pcap", 31, "frame.lost", `51 bytes from the client are missing`, `NS  `},
	{"foreign/02g-oneway-server-sb-long.pcap", 20, "frame.lost", `823 bytes from the client are missing`, `NS  `},
	// Two clocks, two machines, two sections, two captures of one connection.
	{"foreign/03-clocks-differ-500ms-sb.pcap", 24, "", `clocks differ by about 0\.5 s.*what the client sent is that much late`, `missing`},
	{"foreign/03b-clocks-differ-minus500ms-ns.pcap", 25, "version.several", `clocks differ by about 0\.5 s.*what the server sent is that much late`, `missing`},
	{"foreign/03e-ack-just-before-data.pcap", 24, "", `24 .*OUT +leaves`, `clock|missing`},
	{"foreign/04-two-vms-same-address-two-interfaces.pcapng", 32, "end.mid-session end.mid-session version.several version.several", `session 2, bob@example\.com`, `missing`},
	{"foreign/04c-same-address-two-sections.pcapng", 32, "end.mid-session end.mid-session version.several version.several", `session 2, bob@example\.com`, `missing`},
	{"foreign/29b-before-and-after-nat.pcap", 8, "", `captured a second time with other addresses.*203\.0\.113\.5:61001`, `#2`},
	// Wrappings.
	{"foreign/05-enc-gre.pcap", 8, "", `"Yes, I am\."`, ``},
	{"foreign/05-enc-mpls.pcap", 8, "", `"Yes, I am\."`, ``},
	{"foreign/05-enc-qinq9100.pcap", 8, "", `"Yes, I am\."`, ``},
	{"foreign/05-enc-radiotap.pcap", 8, "", `"Yes, I am\."`, ``},
	{"foreign/05-enc-tzsp.pcap", 8, "", `"Yes, I am\."`, ``},
	{"foreign/05-enc-vxlan.pcap", 8, "", `"Yes, I am\."`, ``},
	{"foreign/05-enc-wifi.pcap", 8, "", `"Yes, I am\."`, ``},
	{"foreign/06-enc-ok-pppoe.pcap", 8, "", `"Yes, I am\."`, ``},
	{"foreign/06-enc-ok-sll2.pcap", 8, "", `"Yes, I am\."`, ``},
	// Logs and documents.
	{"foreign/07-log-pidgin.txt", 6, "signin.refused", `read as: debug log of libpurple`, `no MSNP`},
	{"foreign/07b-log-papyon.txt", 7, "line.extra trid.abandoned trid.abandoned", `read as: debug log of papyon(?s:.*)#2 +SB +alice`, `no MSNP`},
	{"foreign/07c-log-amsn.txt", 3, "trid.abandoned", `read as: protocol log of aMSN`, `no MSNP`},
	{"foreign/08-doc-literal-crlf.txt", 4, "signin.order", `written line ends(?s:.*)speaks MSNP8 CVR0\n`, `\\`},
	{"foreign/08b-doc-arrows.txt", 4, "line.parameter", `#1 was open already(?s:.*)208 2 +invalid user name`, `\\|opened`},
	{"foreign/09-log-edited-for-privacy.txt", 4, "frame.length", `line 3: 130 bytes announced, 135 there(?s:.*)OUT +leaves`, ``},
	{"foreign/36-escapes-in-findings.txt", 3, "line.parameter line.parameter presence.status signin.order trid.abandoned trid.abandoned trid.unknown", `"127\.0\.0\.1:1863\\t0"`, `\\\\|\x1b`},
	// What is not MSNP, wholly or at first.
	{"foreign/10-telnet-one-key-a-segment.pcap", 10, "end.mid-session version.several", `alice@example\.com \(Alice\) is in`, `no MSNP`},
	{"foreign/11-socks5.pcap", 10, "end.mid-session version.several", `to messenger\.example\.com:1863 via 10\.0\.0\.9:1080, by SOCKS5(?s:.*)asked a SOCKS5 proxy for messenger\.example\.com:1863`, `no MSNP`},
	{"foreign/11c-http-connect.pcap", 10, "end.mid-session version.several", `asked an HTTP proxy \(CONNECT\) for messenger\.example\.com:1863`, `no MSNP`},
	{"foreign/12-http-gateway.pcap", 6, "", `challenge 1013928519\.693957190(?s:.*)4 HTTP exchanges over 1 connection, 1 empty poll`, `POST|no MSNP|opaque`},
	{"foreign/13-tls.pcap", 0, "", `no MSNP in it.*a hello of TLS 1\.0.*turn TLS off`, ``},
	{"foreign/33-ftp-text-mode.pcap", 0, "", `transfer in text mode.*repair FILE mends it`, ``},
	{"foreign/33b-powershell-redirect.pcap", 0, "", `PowerShell.*repair FILE mends it`, `save it as UTF-8`},
	// What is odd in what was said.
	{"foreign/16b-called-nobody-joins.pcap", 5, "switchboard.ringing", `before "bob@example\.com" answered`, ``},
	{"foreign/19-ver-without-cvr0.pcap", 2, "version.cvr0-reply", `which does not name CVR0`, ``},
	{"foreign/20-msnp24-cnt-ath.pcap", 11, "", `QNG +yes; ask again in 60 s(?s:.*)OUT +leaves`, `no MSNP`},
	{"foreign/21-p2p-headers.pcap", 13, "p2p.bye p2p.slp payload.form", `INVITE to object(?s:.*)data of session 4711, 1202 bytes at 0 of 1290(?s:.*)"ok got it"`, `no MSNP`},
	{"foreign/22-emoticon-malformed.pcap", 14, "mime.format p2p.sha1c " + rules(7, "payload.form"), `emoticon without a picture(?s:.*)"hello"`, `no MSNP`},
	{"foreign/23-adl-allow-and-block.pcap", 13, "lists.both payload.xml payload.xml", `ADL 5 +added`, `no MSNP`},
	{"foreign/25-diff-a.txt", 14, "", `bob@example\.com \(Bob B\) is online`, ``},
	{"foreign/25-diff-e-lists-reordered.txt", 14, "", `bob@example\.com \(Bob B\) is online`, ``},
	{"foreign/34-split-3-of-5.pcapng", 4, "switchboard.unused", `switchboard at`, ``},
	{"foreign/34b-split-cat.pcapng", 24, "version.several", `is in`, ``},
	// Points of the protocol.
	{"protocol/chl-lost-answer-called-wrong.jsonl", 209, "challenge.unasked", `no challenge was seen before this answer`, `answer to the challenge is wrong|accepts the answer`},
	{"protocol/fln-icon-msnp14.txt", 9, "", `joe@yahoo\.example is offline`, ``},
	{"protocol/iln-msnp18.txt", 10, "", `bob@example\.com \(Bob\) is away`, ``},
	{"protocol/p2p-v1-v2-chunks.txt", 44, "", `324 bytes at 300 of 624: INVITE to display picture, 2560 bytes(?s:.*)P2P ACK of 1000(?s:.*)INVITE to file "report\.pdf", 9000 bytes(?s:.*)1202 bytes, 1358 behind them`, `no MSNP`},
	{"protocol/prp-without-trid-msnp7.txt", 59, "", `PRP +PHH is 1`, ``},
	{"protocol/qry-old-algorithm-msnp12.txt", 56, "challenge.accepted challenge.mismatch", `85ecb0db8f32113df79ce0892b9a102c is right`, `answer to the challenge is right`},
	{"protocol/sdg-chat-msnp21.txt", 9, "", `SDG 50`, `no MSNP`},
	{"protocol/seed-3-xfr.txt", 26, "trid.again trid.again", `has had its reply in message 6`, ``},
	{"protocol/seed-length-368.txt", 24, "frame.length", `line 19: 368 bytes announced, 367 there(?s:.*)C: SYN 8 (?s:.*)S: SYN 8 `, ``},
	{"protocol/soft-reset-msnp7.txt", 49, "", `XFR 0`, ``},
	{"protocol/syn-unchanged-msnp8.txt", 13, "", `S: SYN 5 +version 12`, ``},
	// What came up in use.
	{"use/conv-norace.txt", 9, "end.mid-session", `"hello bob"`, `conversation 2`},
	{"use/conv-race.txt", 9, "end.mid-session", `"hello bob"`, `conversation 2`},
	{"use/ctp-password-in-clear.txt", 8, "signin.not-offered version.form", `by CTP`, ``},
	{"use/epid.txt", 2, "", `session 1, alice@example\.com; of`, `session 1, alice@example\.com;\{`},
	{"use/injected.pcapng", 11, "end.mid-session redirect.private switchboard.unused trid.form", `\[withheld\]`, `no reply`},
	{"use/reset-in-session.txt", 15, "end.reset end.unanswered", `reset by the server while the client is signed in`, ``},
	{"use/right-answer-refused.txt", 8, "signin.refused", `the server refuses USR in message 7`, ``},
	{"use/unanswered.txt", 10, "signin.no-cvr trid.unanswered trid.unanswered", `UUN with TrID 10 has no reply`, `CHG with`},
	{"use/ver-without-cvr0.txt", 2, "version.cvr0-reply", `which does not name CVR0`, ``},
}

// rules names a rule so many times.
func rules(n int, rule string) string { return strings.TrimSpace(strings.Repeat(rule+" ", n)) }

func TestCases(t *testing.T) {
	dir := filepath.Join("testdata", "cases")
	tested := map[string]bool{}
	for _, c := range cases {
		tested[c.file] = true
		t.Run(c.file, func(t *testing.T) {
			file := filepath.Join(dir, filepath.FromSlash(c.file))
			if got := strings.Join(rulesOf(t, file), " "); got != c.findings {
				t.Errorf("check finds %q\nwanted       %q", got, c.findings)
			}
			read := attempted("read", "--utc", file)
			if got := len(messageLine.FindAllString(read, -1)); got != c.messages {
				t.Errorf("%d messages, wanted %d", got, c.messages)
			}
			if !regexp.MustCompile(c.says).MatchString(read) {
				t.Errorf("%q is not in\n%s", c.says, read)
			}
			if c.never != "" && regexp.MustCompile(c.never).MatchString(read) {
				t.Errorf("%q is in\n%s", c.never, read)
			}
		})
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	for _, file := range files {
		if name, _ := filepath.Rel(dir, file); !tested[filepath.ToSlash(name)] {
			t.Errorf("%s is in no table", name)
		}
	}
}

// TestCasesConverted: what a recording says, its copy in any format says, too.
func TestCasesConverted(t *testing.T) {
	dir := t.TempDir()
	for _, c := range cases {
		if c.messages == 0 || testing.Short() && c.messages > 40 {
			continue
		}
		file := filepath.Join("testdata", "cases", filepath.FromSlash(c.file))
		for _, format := range []string{".txt", ".jsonl", ".pcapng"} {
			out := filepath.Join(dir, filepath.Base(c.file)+format)
			if said := attempted("convert", file, out); !strings.Contains(said, "written") {
				t.Errorf("%s: %s", out, said)
				continue
			}
			if got := strings.Join(rulesOf(t, out), " "); got != c.findings {
				t.Errorf("%s as %s: check finds %q\nwanted       %q", c.file, format, got, c.findings)
			}
			if got, want := attempted("check", out), attempted("check", file); got != want {
				t.Errorf("%s as %s: check says\n%s, not\n%s", c.file, format, got, want)
			}
			if got := len(messageLine.FindAllString(attempted("read", out), -1)); got != c.messages {
				t.Errorf("%s as %s: %d messages, wanted %d", c.file, format, got, c.messages)
			}
			os.Remove(out)
		}
	}
}

// TestCasesOtherwise: what other commands say of some of them.
func TestCasesOtherwise(t *testing.T) {
	in := func(name string) string { return filepath.Join("testdata", "cases", filepath.FromSlash(name)) }
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"check", "--password", "alice@example.com=secret", in("use/right-answer-refused.txt")}, `error signin\.rejected: .* which is right for the password given`},
		{[]string{"diff", in("foreign/25-diff-a.txt"), in("foreign/25-diff-e-lists-reordered.txt")}, `no difference in 14 messages`},
		{[]string{"diff", in("foreign/29b-before-and-after-nat.pcap"), in("foreign/05-enc-gre.pcap")}, `no difference in 8 messages`},
		{[]string{"read", "--filter", `ended == "reset"`, in("use/reset-in-session.txt")}, `reset by the server`},
		{[]string{"stats", in("foreign/04-two-vms-same-address-two-interfaces.pcapng")}, `(?m)^32 messages(?s:.*)^bob@example\.com +1 +12 `},
		{[]string{"stats", in("use/injected.pcapng")}, `^11 messages`},
		{[]string{"read", "--format", "json", in("use/epid.txt")}, `"account":"alice@example\.com"`},
	} {
		if said := attempted(c.args...); !regexp.MustCompile(c.says).MatchString(said) {
			t.Errorf("%v: %q is not in\n%s", c.args, c.says, said)
		}
	}
}

// TestResetIsToldOnce: the reason that a recorder gives is not told after what is
// said anyway.
func TestResetIsToldOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "reset.jsonl")
	lines := `{"v":1,"conn":1,"event":"opened"}
{"v":1,"conn":1,"from":"client","verb":"PNG","raw":"UE5HDQo="}
{"v":1,"conn":1,"event":"closed","from":"client","reset":true,"text":"reset by the client"}
{"v":1,"conn":2,"event":"opened"}
{"v":1,"conn":2,"from":"client","verb":"PNG","raw":"UE5HDQo="}
{"v":1,"conn":2,"event":"closed","from":"client","reset":true,"text":"it was in the way"}
`
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	said := attempted("read", file)
	if !strings.Contains(said, "#1 reset by the client\n") || !strings.Contains(said, "#2 reset by the client: it was in the way\n") {
		t.Error(said)
	}
}

// messageLine is the beginning of a message in read's text.
var messageLine = regexp.MustCompile(`(?m)^ +\d+ `)

// attempted runs a command and returns all that it says.
func attempted(args ...string) string {
	var out, errs bytes.Buffer
	run(append([]string{"msnproxy"}, args...), nil, &out, &errs)
	return out.String() + errs.String()
}

// rulesOf returns the rules of what check finds, in order of names.
func rulesOf(t *testing.T, file string) (list []string) {
	t.Helper()
	var out, errs bytes.Buffer
	run([]string{"msnproxy", "check", "--min", "note", "--format", "json", file}, nil, &out, &errs)
	for line := range strings.Lines(out.String()) {
		var m struct{ Rule string }
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if m.Rule != "" {
			list = append(list, m.Rule)
		}
	}
	slices.Sort(list)
	return list
}
