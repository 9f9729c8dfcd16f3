package index

import (
	"strings"
	"testing"

	"msnproxy/capture"
	"msnproxy/decode"
)

// How far sign-ins came is known while they go on, and when the recording is at its end.
func TestSignIns(t *testing.T) {
	x := New(Options{})
	defer x.Close()
	in, err := capture.OpenReader(strings.NewReader("C: VER 1 MSNP7 CVR0\nS: VER 1 MSNP7 CVR0\nC: INF 2\nS: INF 2 MD5\nC: USR 3 MD5 I alice@example.com\n"), "x.txt")
	if err != nil {
		t.Fatal(err)
	}
	if list, _ := x.SignIns(); len(list) != 0 {
		t.Errorf("before: %+v", list)
	}
	if err := x.Load(in, nil, "x.txt", nil); err != nil {
		t.Fatal(err)
	}
	list, _ := x.SignIns()
	if len(list) != 1 || list[0].Reached != decode.StageNamed || list[0].Account != "alice@example.com" || list[0].Session != 1 {
		t.Errorf("at the end: %+v", list)
	}
	if got := x.SignIn(1); got != "reached: USR I (MSNP7); then no reply to USR (message 5)" || x.SignIn(2) != "" {
		t.Errorf("%q", got)
	}
	list[0].Reached = decode.StageCame
	if again, _ := x.SignIns(); again[0].Reached != decode.StageNamed {
		t.Error("it gave out its own")
	}
}
