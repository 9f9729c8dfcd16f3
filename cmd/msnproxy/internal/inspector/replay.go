package inspector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"msnproxy/capture/story"
	"msnproxy/decode"
	"msnproxy/proxy/replay"
)

// replayCommand plays the session of the selected message to a server that the user
// names. Nothing is dialled but that, and what it redirects to within the rules.
func (ins *Inspector) replayCommand(arg string) {
	if ins.job != nil {
		ins.complain("still " + ins.job.doing + " " + ins.job.name + "; Esc stops it")
		return
	}
	account := ins.toReplay()
	if account == "" {
		ins.complain("select a message of the session to replay first")
		return
	}
	if arg != "" {
		ins.replay(account, arg)
		return
	}
	ins.openPrompt(&prompt{
		label: "replay " + account + " to", check: checkReplay,
		done: func(text string) { ins.replay(account, text) },
	}, replayTo)
}

// replayTo is what the prompt begins with: never a server of the recording, as Enter
// would sign in there.
const replayTo = "127.0.0.1:1863"

// toReplay returns the account whose session is selected, or "".
func (ins *Inspector) toReplay() (account string) {
	if ins.sel < 0 {
		return ""
	}
	c := ins.x.Row(ins.sel).Conn
	if c == nil || c.Facts.Session == nil {
		return ""
	}
	return c.Facts.Session.Account
}

func checkReplay(text string) string {
	if _, err := replayTarget(text); err != nil {
		return err.Error()
	}
	return ""
}

// replayTarget reads what was typed: a server, then who plays which account.
func replayTarget(text string) (replay.ClientConfig, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return replay.ClientConfig{}, errors.New("to which server? HOST:PORT, then ACCOUNT=NEW:PASSWORD where a password is needed")
	}
	config := replay.ClientConfig{Server: words[0], Accounts: make(map[string]replay.ClientAccount)}
	for _, w := range words[1:] {
		old, a, ok := replay.ParseAccount(w)
		if !ok {
			return config, errors.New("an account goes as OLD=NEW:PASSWORD, such as alice@example.com=test1@example.org:secret")
		}
		config.Accounts[strings.ToLower(old)] = a
	}
	return config, nil
}

// replay plays the sessions of an account, and shows each answer beside the
// recorded one as it comes.
func (ins *Inspector) replay(account, text string) {
	config, err := replayTarget(text)
	if err != nil {
		ins.complain(err.Error())
		return
	}
	config.Only = append(config.Only, account)
	for other := range config.Accounts {
		if !strings.EqualFold(other, account) {
			config.Only = append(config.Only, other) // they talk to each other again
		}
	}
	p := newPerformance(ins, account, config.Server)
	ins.startJob("replaying", account, func(ctx context.Context, _ *job) (string, error) { return p.play(ctx, config) }, nil)
	p.sheet.ended = func() {
		if ins.job != nil {
			ins.say("the replay goes on; :replay-show shows it, Esc ends it")
		}
	}
	ins.overlay, ins.replayed = p.sheet, p.sheet
}

// showReplay shows the last replay again.
func (ins *Inspector) showReplay() {
	if ins.replayed == nil {
		ins.say("nothing was replayed yet: r begins")
		return
	}
	ins.overlay = ins.replayed
}

// performance gathers what a replay brings.
type performance struct {
	ins    *Inspector
	sheet  *sheet
	mu     sync.Mutex
	lines  []sheetLine
	lineOf map[int64]int // by the number of the recorded message
	extra  []sheetLine
	posted bool // an update of the screen is under way
}

func newPerformance(ins *Inspector, account, server string) *performance {
	p := &performance{ins: ins, lineOf: make(map[int64]int)}
	p.sheet = &sheet{ins: ins, title: "Replay of " + account + " to " + server, left: "as recorded", right: "the answer now",
		foot: "~ differs  - missing  + not recorded  … waiting  . next difference  Enter the message  Esc leaves"}
	return p
}

// play runs the replay.
func (p *performance) play(ctx context.Context, config replay.ClientConfig) (string, error) {
	in, file, err := p.ins.x.Source()
	if err != nil {
		return "", fmt.Errorf("replay: %w", err)
	}
	s, err := story.Read(in, file, "the recording", story.Options{Stop: ctx.Done()})
	if err != nil {
		return "", fmt.Errorf("replay: %w", err)
	}
	defer s.Close()
	p.expect(s, config.Only)
	config.Story, config.Report, config.Answered = s, p.differs, p.answered
	config.Know(p.ins.o.Passwords)
	client, err := replay.NewClient(config)
	if err != nil {
		return "", fmt.Errorf("replay: %w", err)
	}
	without := client.WithoutPassword()
	result, err := client.Run(ctx)
	p.end()
	if errors.Is(err, context.Canceled) {
		return "", errors.New("replay: ended before its time")
	}
	if err != nil {
		hint := ""
		if errors.Is(err, replay.ErrNoSignIn) && len(without) > 0 {
			hint = " (no password is known for " + strings.Join(without, ", ") + ": type ACCOUNT=:PASSWORD behind the server)"
		}
		return "", fmt.Errorf("replay: %w%s", err, hint)
	}
	said := fmt.Sprintf("replay: %d sent, %d answers compared, %s", result.Sent, result.Compared, plural(result.Differences, "difference"))
	if result.Stopped != "" {
		said += "; " + result.Stopped
	}
	return said, nil
}

// expect makes a line of each message of the server that should come again.
func (p *performance) expect(s *story.Story, only []string) {
	r := s.NewReader()
	var list []*story.Message
	for _, c := range s.Conns {
		if c.Session == nil || !slices.ContainsFunc(only, func(o string) bool { return strings.EqualFold(o, c.Session.Account) }) {
			continue
		}
		list = append(list, c.Messages...)
	}
	slices.SortFunc(list, func(a, b *story.Message) int { return int(a.Number - b.Number) })
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range list {
		d, _, err := r.Decode(m)
		if err != nil {
			continue
		}
		line := sheetLine{name: strconv.FormatInt(m.Number, 10) + arrow(m.From), left: verbAndTrID(d) + "  " + d.Summary(),
			row: p.ins.x.RowOf(m.Number), from: m.From, mark: sheetWaiting}
		if m.From == decode.Client {
			line.mark, line.right = sheetSame, ""
		}
		p.lineOf[m.Number] = len(p.lines)
		p.lines = append(p.lines, line)
	}
	p.update()
}

func arrow(from decode.Sender) string {
	if from == decode.Server {
		return " ←"
	}
	return " →"
}

// answered takes an answer that was compared.
func (p *performance) answered(recorded *story.Message, live *decode.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i, ok := p.lineOf[recorded.Number]; ok {
		l := &p.lines[i]
		l.right = verbAndTrID(live) + "  " + live.Summary()
		if l.mark == sheetWaiting {
			l.mark = sheetSame
		}
	}
	p.update()
}

// differs takes a difference.
func (p *performance) differs(d *replay.Difference) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mark := sheetDiffers
	switch {
	case d.Note:
		mark = sheetUncounted
	case d.Kind == replay.DiffMissing || d.Kind == replay.DiffUnanswered:
		mark = sheetMissing
	case d.Number == 0:
		mark = sheetExtra
	}
	if i, ok := p.lineOf[d.Number]; ok {
		l := &p.lines[i]
		l.mark = mark
		text := string(d.Kind) + ": " + d.Text
		if l.right != "" {
			text = l.right + "  (" + d.Text + ")"
		}
		l.right = text
	} else {
		p.extra = append(p.extra, sheetLine{name: "", right: d.Verb + "  " + d.Text, mark: mark, row: p.ins.x.RowOf(d.After)})
	}
	p.update()
}

// end says of what did not come that it did not.
func (p *performance) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.lines {
		if p.lines[i].mark == sheetWaiting {
			p.lines[i].mark, p.lines[i].right = sheetUncounted, or(p.lines[i].right, "(not compared)")
		}
	}
	p.update()
}

// update brings what has come to the screen, not more often than it is drawn. mu is
// held.
func (p *performance) update() {
	if p.posted {
		return
	}
	p.posted = true
	p.ins.post(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.posted = false
		lines := slices.Clone(p.lines)
		if len(p.extra) > 0 {
			lines = append(lines, sheetLine{name: "Not in the recording, or of no one message", mark: sheetHead, row: -1})
			lines = append(lines, p.extra...)
		}
		p.sheet.lines = lines
	})
}
