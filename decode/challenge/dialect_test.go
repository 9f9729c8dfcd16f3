package challenge

import "testing"

// Product ids and algorithms came in two generations, with MSNP11 between them. Where
// id and dialect are of the same one only its algorithm is right.
func TestVerifyIn(t *testing.T) {
	const (
		older     = "PROD0038W!61ZTF9"
		younger   = "PROD0113H11T8$X_"
		challenge = "11533365622852247127"
	)
	answer := func(id, algorithm string) string {
		p, _ := Lookup(id)
		if algorithm == Old {
			return hash(challenge, p.Key)
		}
		return mixed(p, challenge, false)
	}
	for _, tt := range []struct {
		id, algorithm string
		dialect       int
		result        Result
		odd           bool
	}{
		{older, Old, 6, Right, false}, {older, Old, 10, Right, false}, {older, Old, 11, Right, true}, {older, Old, 0, Right, false},
		{older, New, 10, Wrong, false}, {older, New, 11, Right, true}, {older, New, 0, Right, true},
		{younger, New, 11, Right, false}, {younger, New, 21, Right, false}, {younger, New, 10, Right, true}, {younger, New, 0, Right, false},
		{younger, Old, 11, Wrong, false}, {younger, Old, 10, Right, true}, {younger, Old, 0, Right, true},
	} {
		response := answer(tt.id, tt.algorithm)
		v := VerifyIn(tt.id, challenge, response, tt.dialect)
		if v.Result != tt.result || v.Odd != tt.odd || v.Result == Right && (v.Algorithm != tt.algorithm || v.Expected != response) {
			t.Errorf("%s, %s, in MSNP%d: %+v", tt.id, tt.algorithm, tt.dialect, v)
		}
	}
}

// The block of zeros that some sources add belongs only to texts that end with a block.
func TestFullBlockLength(t *testing.T) {
	p, _ := Lookup("msmsgs@msnmsgr.com") // 18 characters
	for challenge, want := range map[string]Result{
		"1111111111222222222233":     Right, // 22: with the id 40
		"11111111112222222222333333": Wrong, // 26: with the id 44
		"111111111122222222223":      Wrong,
	} {
		if v := Verify(p.ID, challenge, mixed(p, challenge, true)); v.Result != want {
			t.Errorf("%s: %v", challenge, v)
		}
	}
}

func TestResultInWords(t *testing.T) {
	for r, want := range map[Result]string{0: "no challenge", UnknownProduct: "unknown product", Right: "right", Wrong: "wrong"} {
		if got := r.String(); got != want {
			t.Errorf("%d is %q, want %q", r, got, want)
		}
	}
}
