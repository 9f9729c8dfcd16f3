package inspector

import (
	"time"

	"msnproxy/cmd/msnproxy/internal/index"
	"msnproxy/decode"
	"msnproxy/decode/stage"
)

// stuck returns, by the number of the session, how far sign-ins came that are not at their
// end.
func stuck(x *index.Index) map[int]string {
	lines := make(map[int]string)
	list, _ := x.SignIns()
	for i := range list {
		if v := stage.Judge(&list[i], time.Time{}); v.Level == stage.Bad && list[i].Session > 0 {
			lines[list[i].Session] = v.String()
		}
	}
	return lines
}

// drawStuck says from line y on how far the newest sign-in came and why sign-ins usually
// stop there, or, where there is none, why no client comes.
func (ins *Inspector) drawStuck(c canvas, y int) {
	list, _ := ins.x.SignIns()
	var text string
	var reasons []stage.Reason
	switch {
	case len(list) > 0:
		s := &list[len(list)-1]
		v := stage.Judge(s, time.Time{})
		if v.Level != stage.Bad {
			return
		}
		text = "Sign-in " + v.String()
		for _, r := range v.Reasons {
			reasons = append(reasons, stage.Reason{Text: r})
		}
	case ins.o.Live && ins.x.Summary().Conns == 0:
		text, reasons = "If none comes:", stage.Of(decode.StageNone).Reasons
	default:
		return
	}
	for _, line := range wrap(text, c.w-4) {
		c.text(2, y, c.w-4, line, c.dim)
		y++
	}
	for _, r := range reasons {
		for i, line := range wrap(r.Text, c.w-6) {
			if i == 0 {
				c.text(2, y, 2, "-", c.dim)
			}
			c.text(4, y, c.w-6, line, c.dim)
			y++
		}
	}
}
