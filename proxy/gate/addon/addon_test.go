package addon_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"msnproxy/decode"
	"msnproxy/proxy"
	"msnproxy/proxy/gate"
	"msnproxy/proxy/gate/addon"
)

// asAddon has the test binary be an add-on that behaves so.
const asAddon = "MSNPROXY_TEST_ADDON"

func TestMain(m *testing.M) {
	if how := os.Getenv(asAddon); how != "" {
		behave(how)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// behave is an add-on that does what it should not.
func behave(how string) {
	say := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	want := `"want":"verb == \"CHG\" && from == \"client\""`
	switch how {
	case "mute":
		time.Sleep(time.Minute)
	case "gone":
		return
	case "gibberish":
		say("hello")
	case "version 2":
		say(`{"v":2}`)
	case "filter":
		say(`{"v":1,"want":"verb =="}`)
	case "late maybe":
		say(`{"v":1,"late":"maybe"}`)
	case "deadline 0.5":
		say(`{"v":1,"deadline_ms":0.5}`)
	case "deadline 60001":
		say(`{"v":1,"deadline_ms":60001}`)
	case "more":
		say(`{"v":1,"more":true}`)
	case "sleeps and drops":
		say(`{"v":1,"deadline_ms":50,"late":"drop",%s}`, want)
	case "sleeps long":
		say(`{"v":1,"deadline_ms":60000,%s}`, want)
	case "sleeps":
		say(`{"v":1,"deadline_ms":300,%s}`, want)
	default:
		say(`{"v":1,"deadline_ms":30000,"late":"forward",%s}`, want)
	}
	in := bufio.NewReader(os.Stdin)
	var all []int64
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var m struct {
			ID    *int64
			Event string
		}
		if json.Unmarshal(line, &m) != nil || m.ID == nil {
			fmt.Fprintln(os.Stderr, "event", m.Event)
			continue
		}
		id := *m.ID
		all = append(all, id)
		switch how {
		case "sleeps", "sleeps long", "sleeps and drops":
		case "dies":
			if len(all) == 3 {
				os.Exit(3)
			}
		case "twice":
			say(`{"id":%d,"do":["forward"]}`+"\n"+`{"id":%d,"do":["drop"]}`, id, id)
		case "unknown":
			say(`{"id":%d,"do":["drop"]}`+"\n"+`{"id":%d}`, id+1000000, id)
		case "garbage":
			say("what?\n[]\n{\"id\":\"x\"}\n{\"do\":[]}\n\n{\"id\":%d,\"do\":[]} {}\n{\"id\":%d}", id, id)
		case "1 MB":
			say(`{"id":%d,"do":["remark \"%s\"","forward"]}`, id, strings.Repeat("x", 1<<20-60))
		case "too long":
			say("%s\n"+`{"id":%d}`, strings.Repeat("x", 1<<20+1), id)
		case "impossible":
			say(`{"id":%d,"do":["set payload = \"x\"","explode"]}`, id)
		case "holds":
			say(`{"id":%d,"do":["hold"]}`, id)
		case "changes":
			say(`{"id":%d,"do":["set status = \"BSY\"","forward"]}`, id)
		case "backwards":
			if len(all) == 3 {
				say(`{"id":%d}`+"\n"+`{"id":%d,"do":["drop"]}`+"\n"+`{"id":%d}`, all[2], all[1], all[0])
			}
		case "shouts":
			fmt.Fprint(os.Stderr, strings.Repeat("help\n", 30)+"\x1b[31m"+strings.Repeat("y", 3000)+"\n")
			say(`{"id":%d}`, id)
		}
	}
}

// kit is a proxy with an add-on, in front of a server that says what it hears.
type kit struct {
	t     testing.TB
	p     *proxy.Proxy
	addon *addon.Addon
	mu    sync.Mutex
	said  []string
}

// quoted has a word mean itself.
func quoted(s string) string { return "'" + s + "'" }

func (k *kit) remarks() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Join(k.said, "\n")
}

func options(k *kit, command string, changed func()) addon.Options {
	return addon.Options{Name: "addon 1", Command: command, Changed: changed,
		Remark: func(text string) { k.mu.Lock(); k.said = append(k.said, text); k.mu.Unlock() },
		Ask: func(m *decode.Message) []byte {
			text := ""
			if m.Form != nil && m.Name() == "MSG" {
				_, text, _ = strings.Cut(string(m.Frame.Payload()), "\r\n\r\n")
			}
			n, _ := m.TrID()
			return fmt.Appendf(nil, `{"id":%d,"number":%d,"verb":%q,"trid":%d,"payload":{"type":"text/plain","text":%q}}`+"\n", m.Number, m.Number, m.Name(), n, text)
		}}
}

func newKit(t testing.TB, command string) *kit {
	t.Helper()
	k := &kit{t: t}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := upstream.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { defer c.Close(); _, _ = io.Copy(c, c) })
		}
	})
	t.Cleanup(func() { upstream.Close(); serving.Wait() })
	g := gate.New(gate.Options{Alone: true})
	if k.addon, err = addon.Start(options(k, command, g.Changed)); err != nil {
		t.Fatal(err)
	}
	g.Add(k.addon)
	if k.p, err = proxy.New(proxy.Config{Gate: g, Upstream: upstream.Addr().String(), Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	if err := k.p.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- k.p.Serve(context.Background()) }()
	t.Cleanup(func() { k.p.Close(); <-served; k.addon.Close() })
	return k
}

// talk sends lines on a connection of its own and wants those back.
func (k *kit) talk(say, want string) {
	k.t.Helper()
	if got := k.hear(say, len(want)); got != want {
		k.t.Errorf("%q; want %q", got, want)
	}
}

// hear sends lines on a connection of its own and returns so many bytes of what comes back.
func (k *kit) hear(say string, n int) string {
	k.t.Helper()
	c, err := net.Dial("tcp", k.p.Addr().String())
	if err != nil {
		k.t.Error(err)
		return ""
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, say); err != nil {
		k.t.Error(err)
	}
	b := make([]byte, n)
	if n, err = io.ReadFull(c, b); err != nil {
		k.t.Error(err)
	}
	return string(b[:n])
}

const (
	changes = "VER 1 MSNP7\r\nCHG 2 NLN\r\nCHG 3 AWY\r\nCHG 4 BSY\r\nREA 5 alice@example.com A\r\n"
	others  = "VER 1 MSNP7\r\nREA 2 bob@example.com B\r\nSYN 3 1\r\n"
)

// Whatever an add-on does, messages go on, those of other connections at once; of each kind
// of fault there is one line.
func TestMisbehaves(t *testing.T) {
	for _, tt := range []struct {
		how, want string
		remarks   []string
	}{
		{"good enough to forward nothing: sleeps", changes, []string{"has not answered within 300ms"}},
		{"sleeps and drops", strings.NewReplacer("CHG 2 NLN\r\n", "", "CHG 3 AWY\r\n", "", "CHG 4 BSY\r\n", "").Replace(changes), []string{"has not answered within 50ms about message "}},
		{"dies", changes, []string{"has ended (exit status 3): everything passes from now on"}},
		{"twice", changes, []string{"when that was decided"}},
		{"unknown", changes, []string{"about which it was not asked"}},
		{"garbage", changes, []string{"wrote a line that is no answer"}},
		{"1 MB", changes, nil},
		{"too long", changes, []string{"wrote a line of more than 1048576 bytes"}},
		{"impossible", changes, []string{"what it wants done can't be"}},
		{"holds", changes, []string{"what it wants done can't be"}},
		{"changes", strings.NewReplacer("NLN", "BSY", "AWY", "BSY").Replace(changes), nil},
		{"backwards", strings.Replace(changes, "CHG 3 AWY\r\n", "", 1), nil},
		{"shouts", changes, []string{"help", "lines more"}},
	} {
		t.Run(tt.how, func(t *testing.T) {
			t.Parallel()
			how := tt.how[strings.Index(tt.how, ": ")+1:]
			k := newKit(t, "env "+asAddon+"="+quoted(strings.TrimSpace(how))+" "+quoted(os.Args[0]))
			k.addon.Tell([]byte("{\"event\":\"opened\"}\n"))
			if how != "dies" && how != "backwards" {
				k.talk(others, others)
			}
			k.talk(changes, tt.want)
			k.addon.Close()
			said := k.remarks()
			for _, want := range tt.remarks {
				if want != "help" && strings.Count(said, want) != 1 {
					t.Errorf("%q is there %d times in %s", want, strings.Count(said, want), said)
				}
			}
			if tt.remarks == nil && strings.Count(said, "\n") > 0 {
				t.Errorf("%s", said)
			}
			if how != "dies" && !strings.Contains(said, "addon 1 (env ") {
				t.Errorf("no line of its standard error in %s", said)
			}
			if n := strings.Count(said, ": help"); tt.how == "shouts" && n > 60 {
				t.Errorf("%d lines were told", n)
			}
		})
	}
}

// While one connection waits for an add-on the others go on; when it ends so does that one.
func TestOthersGoOn(t *testing.T) {
	k := newKit(t, "env "+asAddon+"='sleeps long' "+quoted(os.Args[0]))
	waiting := make(chan bool)
	go func() { defer close(waiting); k.talk(changes, changes) }()
	for range 3 {
		k.talk(others, others)
	}
	select {
	case <-waiting:
		t.Error("it did not wait for the add-on")
	case <-time.After(50 * time.Millisecond):
	}
	k.addon.Close()
	<-waiting
}

// An add-on that does not begin as it should keeps the program from starting.
func TestHello(t *testing.T) {
	for how, want := range map[string]string{
		"gone": "ended before it said", "gibberish": "its first line is not as wanted", "version 2": "speaks version 2", "filter": "want:",
		"late maybe": `late is "maybe"`, "deadline 0.5": "deadline_ms is 0.5; it goes from 1 to 60000", "deadline 60001": "deadline_ms is 60001", "more": `unknown field "more"`,
	} {
		a, err := addon.Start(options(&kit{}, "env "+asAddon+"="+quoted(how)+" "+quoted(os.Args[0]), func() {}))
		if err == nil {
			a.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", how, err)
		}
	}
	for command, want := range map[string]string{"": "there is no command", "'x": "is not closed", "/no/such/program": "can't be started"} {
		if _, err := addon.Start(options(&kit{}, command, func() {})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// An add-on that does not end with its input is ended.
func TestEnds(t *testing.T) {
	sleep, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	a, err := addon.Start(options(&kit{}, sleep+` -c 'echo "{\"v\":1}"; sleep 60 & sleep 60'`, func() {}))
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	a.Close()
	if d := time.Since(begun); d > 10*time.Second {
		t.Errorf("%v", d)
	}
}

func TestWords(t *testing.T) {
	for s, want := range map[string]string{
		"python3 nak.py": "python3|nak.py", "  a\tb\nc ": "a|b|c", `a 'b "c' "d 'e"`: `a|b "c|d 'e`, `a\ b "c\"d\x" \'`: `a b|c"d\x|'`, `'' ""`: "|", `a''b`: "ab", "$HOME ~ *": "$HOME|~|*",
	} {
		if got, err := addon.Words(s); err != nil || strings.Join(got, "|") != want {
			t.Errorf("%s: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", " ", "a 'b", `a "b`, `a \`, `"\`} {
		if got, err := addon.Words(s); err == nil {
			t.Errorf("%s: %q", s, got)
		}
	}
}

// conversation is a switchboard's, with so many messages.
func conversation(n int, text string) string {
	s := "ANS 1 bob@example.com 1.2 3\r\n"
	for i := range n {
		payload := "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n" + text
		s += "MSG " + strconv.Itoa(i+2) + " N " + strconv.Itoa(len(payload)) + "\r\n" + payload
	}
	return s
}

// The examples in the documentation do what they say.
func TestExamples(t *testing.T) {
	examples := filepath.Join("..", "..", "..", "docs", "examples")
	t.Run("python", func(t *testing.T) {
		python, err := exec.LookPath("python3")
		if err != nil {
			t.Skip("there is no python3")
		}
		k := newKit(t, quoted(python)+" "+quoted(filepath.Join(examples, "nak.py")))
		say := conversation(11, "hi")
		whole := conversation(1, "hi")[len("ANS 1 bob@example.com 1.2 3\r\nMSG 2 "):]
		got := k.hear(say, len(say)-len("MSG 11 "+whole)+len("NAK 11\r\n"))
		if strings.Count(got, "NAK 11\r\n") != 1 || strings.Replace(got, "NAK 11\r\n", "", 1) != strings.Replace(say, "MSG 11 "+whole, "", 1) {
			t.Errorf("%q", got)
		}
		k.addon.Close()
		if said := k.remarks(); strings.Count(said, "\n") != 0 || !strings.HasSuffix(said, " is lost") {
			t.Errorf("%s", said)
		}
	})
	t.Run("go", func(t *testing.T) {
		if testing.Short() {
			t.Skip("it is built for that")
		}
		program := filepath.Join(t.TempDir(), "shout.exe")
		if out, err := exec.Command("go", "build", "-o", program, filepath.Join(examples, "shout")).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		k := newKit(t, quoted(program))
		k.talk(conversation(3, "grün, \"alle\""), conversation(3, "GRÜN, \"ALLE\""))
		k.addon.Close()
		if said := k.remarks(); said != "" {
			t.Errorf("%s", said)
		}
	})
}
