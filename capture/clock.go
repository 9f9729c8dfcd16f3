package capture

import (
	"fmt"
	"time"
)

// clock measures how long after its bytes their acknowledgment comes. In a capture
// that was merged of two with different clocks, the acknowledgment of one direction
// comes first: then the time is negative.
type clock struct {
	reached bool // a segment is here
	reach   uint32
	sent    bool // bytes are here,
	end     uint32
	sentAt  time.Time
	ahead   bool // or an acknowledgment is, of bytes that are not
	acked   uint32
	ackedAt time.Time
	known   bool
	least   time.Duration
	late    int // how often it was negative
}

// clockRemark is the difference of two clocks that is worth a word.
const clockRemark = 100 * time.Millisecond

// clockCertain is so late that one packet is proof.
const clockCertain = 10 * time.Second

// arrived takes the place of a segment. It returns how late it is, if it comes
// after its acknowledgment. What is ahead of a hole proves nothing.
func (c *clock) arrived(seq, end uint32, at time.Time) (late time.Duration) {
	jump := c.reached && after(seq, c.reach) > 0 || !c.reached && c.ahead && after(seq, c.acked) > 0
	if c.ahead && (jump || after(end, c.acked) >= 0) {
		c.ahead = false
		if d := c.ackedAt.Sub(at); !jump && end != seq {
			c.sample(d)
			late = max(0, -d)
		}
	} else if !c.sent && !c.ahead && end != seq {
		c.sent, c.end, c.sentAt = true, end, at
	}
	if !c.reached || after(end, c.reach) > 0 {
		c.reached, c.reach = true, end
	}
	return late
}

// acknowledged takes an acknowledgment of bytes that are here, or not yet.
func (c *clock) acknowledged(ack uint32, at time.Time) {
	switch here := c.reached && after(ack, c.reach) <= 0; {
	case !here && !c.ahead:
		c.ahead, c.acked, c.ackedAt = true, ack, at
		c.sent = false
	case here && c.sent && after(ack, c.end) >= 0:
		c.sent = false
		c.sample(at.Sub(c.sentAt))
	}
}

func (c *clock) sample(d time.Duration) {
	if !c.known || d < c.least {
		c.known, c.least = true, d
	}
	if d < 0 {
		c.late++
	}
}

// behind reports whether what came late proves another clock: more than one did, or
// one so late as no capture shuffles packets.
func (c *clock) behind() bool { return c.late > 1 || c.late > 0 && c.least <= -clockCertain }

// clockOffset returns how much later the clock of side 0 is than that of side 1, as
// far as the acknowledgments of either tell, and whether that is remarkable.
func (f *flow) clockOffset() (time.Duration, bool) {
	a, b := &f.streams[0].clock, &f.streams[1].clock
	if !a.known || !b.known || !a.behind() && !b.behind() {
		return 0, false
	}
	d := (b.least - a.least) / 2
	return d, d >= clockRemark || d <= -clockRemark
}

// clockText says it for people.
func (f *flow) clockText(offset time.Duration) string {
	late := f.sender(0)
	if offset < 0 {
		late, offset = f.sender(1), -offset
	}
	return fmt.Sprintf("the two directions' clocks differ by about %s, as when two captures are merged: what the %v sent is that much late; shown in the order of the conversation", seconds(offset), late)
}

// seconds writes a time as people say it: 0.5 s, 90 s.
func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}
