package capture

import (
	"errors"
	"io"

	"msnproxy/decode"
	"msnproxy/decode/check"
)

// Hindsight is what turns out later: the findings on messages, by number, that only
// later records bring to light.
type Hindsight map[int64][]decode.Finding

// Look reads a recording to its end and returns what turned out. Whoever follows it
// once more with that knows of each message at once all that there is to say of it.
// An error is the recording's; what stands before it is known. Look ends early, with
// ErrStopped, when stop is closed.
func Look(in *Reader, o FollowOptions, stop <-chan struct{}) (Hindsight, error) {
	o.Check, o.Hindsight = true, nil
	known, f := make(Hindsight), NewFollower(o)
	for n := 0; ; n++ {
		if n%256 == 0 {
			select {
			case <-stop:
				return known, ErrStopped
			default:
			}
		}
		r, err := in.Next()
		if err != nil {
			known.add(f.Finish())
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return known, err
		}
		known.add(f.Record(r).Located)
	}
}

// ErrStopped says that reading ended because somebody wanted it to.
var ErrStopped = errors.New("reading the recording was stopped")

func (h Hindsight) add(list []check.Located) {
	for i := range list {
		if l := &list[i]; l.Number > 0 {
			h[l.Number] = append(h[l.Number], l.Finding)
		}
	}
}
