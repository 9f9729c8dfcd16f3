package inspector

import (
	"strconv"
	"strings"

	"msnproxy/capture/compare"
	"msnproxy/decode"
)

// compareCommand compares the selected message with one that was chosen before, or
// with the one whose number is given.
func (ins *Inspector) compareCommand(arg string) {
	row, ok := ins.message()
	if !ok {
		return
	}
	if arg != "" {
		n, err := strconv.ParseInt(strings.TrimSpace(arg), 10, 64)
		other := ins.x.RowOf(n)
		if err != nil || other < 0 {
			ins.complain("there is no message " + arg)
			return
		}
		ins.compareRows(row, other)
		return
	}
	if ins.comparing < 0 {
		ins.comparing = row
		ins.say("message " + strconv.FormatInt(ins.x.Row(row).Number, 10) + " is the first of two: select the other and press d")
		return
	}
	first := ins.comparing
	ins.comparing = -1
	if first == row {
		ins.say("a message is not compared with itself: nothing is chosen any more")
		return
	}
	ins.compareRows(first, row)
}

// compareRows shows two messages side by side.
func (ins *Inspector) compareRows(a, b int) {
	one, two := ins.x.NewReader(), ins.x.NewReader()
	m, _, err := one.Read(a)
	var n *decode.Message
	if err == nil {
		n, _, err = two.Read(b)
	}
	if err != nil {
		ins.complain("comparing: " + err.Error())
		return
	}
	s := &sheet{ins: ins, title: "Two messages", left: messageTitle(m), right: messageTitle(n),
		foot: "~ differs  - only left  + only right  · differs from one session to the next  . next  Esc leaves"}
	s.lines = compareLines(m, n)
	if len(compare.Messages(m, n, nil)) == 0 {
		s.title = "Two messages that mean the same"
	}
	ins.overlay = s
}

func messageTitle(m *decode.Message) string {
	return strconv.FormatInt(m.Number, 10) + "  " + m.From.String() + ": " + verbAndTrID(m)
}

// compareLines sets the fields of two messages side by side.
func compareLines(a, b *decode.Message) (lines []sheetLine) {
	lines = append(lines, sideBySide("verb", a.Name(), b.Name(), false))
	right := compare.Fields(b)
	taken := make([]bool, len(right))
	for _, f := range compare.Fields(a) {
		line := sheetLine{name: f.Name, left: or(f.Value, "(empty)"), mark: sheetMissing, row: -1}
		for i := range right {
			if !taken[i] && right[i].Name == f.Name {
				taken[i] = true
				line = sideBySide(f.Name, f.Value, right[i].Value, f.Volatile)
				break
			}
		}
		lines = append(lines, line)
	}
	for i := range right {
		if !taken[i] {
			lines = append(lines, sheetLine{name: right[i].Name, right: or(right[i].Value, "(empty)"), mark: sheetExtra, row: -1})
		}
	}
	return lines
}

func sideBySide(name, a, b string, volatile bool) sheetLine {
	l := sheetLine{name: name, left: a, right: b, row: -1}
	switch {
	case a == b:
	case volatile:
		l.mark = sheetUncounted
	default:
		l.mark = sheetDiffers
	}
	return l
}
