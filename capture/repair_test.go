package capture

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func repairBytes(t *testing.T, b []byte) (*Repaired, []byte, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	done, err := Repair(path)
	after, rerr := os.ReadFile(path)
	if rerr != nil {
		t.Fatal(rerr)
	}
	if done != nil && done.Original != "" {
		orig, err := os.ReadFile(done.Original)
		if err != nil || !bytes.Equal(orig, b) {
			t.Errorf("the original is not kept: %v", err)
		}
	}
	if _, err := os.Stat(path + ".repair"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a half file is left: %v", err)
	}
	return done, after, err
}

// repairable are a pcapng file of ours and a pcap file of somebody's.
func repairable(t *testing.T) map[string][]byte {
	pcap, err := os.ReadFile(filepath.Join("testdata", "goserver-amsn052-msnp2-ds-ns-sb.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"pcapng": writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863")[:8]),
		"pcap":   pcap[:3000],
	}
}

// A tail torn anywhere is mended to what was whole before it.
func TestRepairTail(t *testing.T) {
	step := 7
	if testing.Short() {
		step = 59
	}
	for name, whole := range repairable(t) {
		full, _ := readWritten(t, whole)
		for n := 24; n < len(whole); n += step {
			done, after, err := repairBytes(t, whole[:n])
			if err != nil {
				var format *FormatError
				if !errors.As(err, &format) {
					t.Fatalf("%s, %d bytes: %v", name, n, err)
				}
				continue
			}
			if !bytes.HasPrefix(whole, after) {
				t.Fatalf("%s, %d bytes: what is left is not the beginning", name, n)
			}
			if done.Bytes() != int64(n-len(after)) || len(done.Lost) > 1 {
				t.Fatalf("%s, %d bytes: %+v", name, n, done)
			}
			if got, err := readWritten(t, after); len(after) > 200 && err != nil || len(got) > len(full) {
				t.Fatalf("%s, %d bytes: the mended file: %v", name, n, err)
			}
		}
	}
}

// Damage in the middle costs the blocks that it hits.
func TestRepairMiddle(t *testing.T) {
	for name, whole := range repairable(t) {
		for at := 300; at+40 < len(whole); at += 41 {
			b := bytes.Clone(whole)
			copy(b[at:], bytes.Repeat([]byte{0xee}, 13))
			done, after, err := repairBytes(t, b)
			if err != nil {
				t.Fatal(err)
			}
			if len(done.Lost) == 0 {
				continue // it was within the data of a packet
			}
			if len(after)+int(done.Bytes()) != len(b) || done.Bytes() > int64(len(b))/2 {
				t.Errorf("%s, damage at %d: %+v", name, at, done)
			}
			if _, err := readWritten(t, after); err != nil {
				t.Errorf("%s, damage at %d: the mended file: %v", name, at, err)
			}
		}
	}
}

// Bytes put in, taken out, or a lie about an option cost no more than the blocks
// that they hit.
func TestRepairOurs(t *testing.T) {
	whole := writePcapng(t, everyKind("10.0.0.9:1034", "10.0.0.5:1863")[:8])
	full, err := readWritten(t, whole)
	if err != nil {
		t.Fatal(err)
	}
	step := 13
	if testing.Short() {
		step = 97
	}
	for at := 200; at < len(whole)-20; at += step {
		for name, b := range map[string][]byte{
			"a byte more":  append(append(bytes.Clone(whole[:at]), 'x'), whole[at:]...),
			"a byte less":  append(bytes.Clone(whole[:at]), whole[at+1:]...),
			"others":       append(append(bytes.Clone(whole[:at]), 0xff, 0xff, 0xff), whole[at+3:]...),
			"torn, and on": append(bytes.Clone(whole[:at]), whole[at/2:]...),
		} {
			_, after, err := repairBytes(t, b)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readWritten(t, after)
			if err != nil {
				t.Errorf("%s at %d: the mended file: %v", name, at, err)
			}
			if len(got) < len(full)-3 {
				t.Errorf("%s at %d: %d of %d records are left", name, at, len(got), len(full))
			}
		}
	}
}

func TestRepairWhole(t *testing.T) {
	for name, whole := range repairable(t) {
		if name == "pcap" {
			continue // it was cut
		}
		done, after, err := repairBytes(t, whole)
		if err != nil || len(done.Lost) > 0 || done.Original != "" || !bytes.Equal(after, whole) {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
}

func TestRepairRefuses(t *testing.T) {
	for _, s := range []string{"", "short", "this is a letter, and no capture at all"} {
		var format *FormatError
		if _, _, err := repairBytes(t, []byte(s)); !errors.As(err, &format) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := Repair(t.TempDir()); err == nil {
		t.Error("a directory is mended")
	}
}

func FuzzRepair(f *testing.F) {
	for _, b := range repairable(&testing.T{}) {
		f.Add(b)
		f.Add(append(b[:len(b)/2:len(b)/2], b[len(b)/2+9:]...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		done, after, err := repairBytes(t, b)
		if err == nil && int64(len(after))+done.Bytes() != int64(len(b)) {
			t.Errorf("%d bytes, %d left, %d lost", len(b), len(after), done.Bytes())
		}
	})
}
