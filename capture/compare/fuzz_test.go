package compare

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"msnproxy/capture"
	"msnproxy/capture/story"
)

// mutate changes a recording: four bytes are one change.
func mutate(list []record, changes []byte) []record {
	list = slices.Clone(list)
	for ; len(changes) >= 4 && len(list) > 1; changes = changes[4:] {
		i := (int(changes[1])<<8 | int(changes[2])) % len(list)
		j := (i + int(changes[3])) % len(list)
		switch r := &list[i]; changes[0] % 6 {
		case 0:
			list = slices.Delete(list, i, i+1)
		case 1:
			list[i], list[j] = list[j], list[i]
		case 2:
			list = slices.Insert(list, i, list[j])
		case 3:
			if b := []byte(r.raw); len(b) > 6 { // not the line end
				b[int(changes[3])%(len(b)-2)] = " 19AzLF@"[changes[3]%8]
				r.raw = string(b)
			}
		case 4:
			r.from ^= 3
			if r.kind != capture.Data {
				r.from = 0
			}
		case 5:
			c := *list[j].conn
			r.conn = &c
		}
	}
	return list
}

// agree: a recording does not differ from itself, and equality is mutual.
func agree(t *testing.T, a, b *story.Story) {
	t.Helper()
	if r := report(t, a, a, Options{Noise: true}); !r.Equal() {
		t.Errorf("differs from itself: %q", lines(r))
	}
	there, back := report(t, a, b, Options{}), report(t, b, a, Options{})
	if there.Equal() != back.Equal() {
		t.Errorf("%q, but the other way %q", lines(there), lines(back))
	}
}

func TestMutated(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	bytes := func() []byte {
		b := make([]byte, 4*random.IntN(6))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	for _, path := range []string{demo, testdata("escargot-amsn082-msnp7.pcap")} {
		list := records(t, path)
		for range 60 {
			agree(t, write(t, mutate(list, bytes())), write(t, mutate(list, bytes())))
		}
	}
}

// FuzzMutated: two recordings made of one by changes are compared without harm.
func FuzzMutated(f *testing.F) {
	list := records(f, demo)
	f.Add([]byte{}, []byte{0, 0, 20, 0})
	f.Add([]byte{1, 0, 81, 5}, []byte{2, 0, 81, 1, 3, 0, 82, 7})
	f.Add([]byte{4, 0, 30, 0}, []byte{5, 0, 120, 9})
	f.Fuzz(func(t *testing.T, x, y []byte) {
		agree(t, write(t, mutate(list, x[:min(len(x), 64)])), write(t, mutate(list, y[:min(len(y), 64)])))
	})
}

// FuzzStories: so are any two that are recordings at all.
func FuzzStories(f *testing.F) {
	for _, s := range []string{"C: VER 1 MSNP7\nS: VER 1 MSNP7\n", "S: CHL 0 1\nC: QRY 2 msmsgs@msnmsgr.com 32\nS: QRY 2\n",
		"C: SYN 1 0\nS: SYN 1 2\nS: LST 1 FL 2 1 2 bob@example.com Bob 0\nS: LST 1 FL 2 2 2 eve@example.com Eve\n",
		"C: CHG 1 NLN\nS: CHG 1 NLN\nS: ILN 1 NLN bob@example.com Bob\nS: FLN bob@example.com\n", "S: XFR 0 NS 0\n"} {
		f.Add([]byte(s), []byte(s+s))
	}
	f.Fuzz(func(t *testing.T, x, y []byte) {
		read := func(raw []byte) *story.Story {
			in, err := capture.OpenReader(bytes.NewReader(raw), "fuzz")
			if err != nil {
				t.Skip()
			}
			s, err := story.Read(in, nil, "fuzz", story.Options{})
			if err != nil {
				t.Skip()
			}
			t.Cleanup(func() { s.Close() })
			return s
		}
		agree(t, read(x), read(y))
	})
}
