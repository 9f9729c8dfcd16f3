package proxytest

import "strings"

func (p *play) contacts() error {
	if p.alice.number >= bookFrom {
		return p.contactsByID()
	}
	requests := [][]string{
		{"ADD", "AL", carol, "Carol"},
		{"ADD", "FL", carol, "Carol"},
		{"REM", "AL", carol},
		{"ADD", "BL", carol, "Carol"},
		{"URL", "INBOX"},
	}
	if p.alice.number >= 7 {
		requests = append(requests,
			[]string{"ADG", encode("Büro"), "0"},
			[]string{"ADD", "FL", carol, "Carol", "2"},
			[]string{"RMG", "2"})
	}
	if p.alice.number >= 5 {
		requests = append(requests, []string{"PRP", "PHH", encode("555 0123")})
	}
	for _, r := range requests {
		if _, err := p.alice.Do(p.ctx, r[0], r[1:]...); err != nil {
			return err
		}
	}
	if p.bob.number >= 5 && p.alice.number >= 5 {
		return p.expect(p.bob, "BPR", "*", alice, "PHH")
	}
	return nil
}

// contactsByID is contacts for MSNP10 and later.
func (p *play) contactsByID() error {
	added, err := p.alice.Do(p.ctx, "ADC", "FL", "N="+carol, "F=Carol")
	if err != nil {
		return err
	}
	group, err := p.alice.Do(p.ctx, "ADG", encode("Büro"))
	if err != nil {
		return err
	}
	id, contact := group.Arg(1), strings.TrimPrefix(added.Arg(3), "C=")
	for _, r := range [][]string{
		{"ADC", "AL", "N=" + carol},
		{"REM", "AL", carol},
		{"ADC", "BL", "N=" + carol},
		{"ADC", "FL", "C=" + contact, id},
		{"SBP", contact, "MFN", encode("Carol (Büro)")},
		{"SBP", p.bobID, "MOB", "Y"},
		{"REG", id, encode("Arbeit")},
		{"REM", "FL", contact, id},
		{"RMG", id},
		{"URL", "INBOX"},
		{"PRP", "PHH", encode("555 0123")},
	} {
		if _, err := p.alice.Do(p.ctx, r[0], r[1:]...); err != nil {
			return err
		}
	}
	return p.expect(p.bob, "BPR", alice, "PHH")
}
