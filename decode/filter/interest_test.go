package filter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"msnproxy/decode"
)

func TestInterest(t *testing.T) {
	for expr, want := range map[string]string{
		`verb == "MSG"`:                                    "C MSG, S MSG",
		`"MSG" == verb`:                                    "C MSG, S MSG",
		`verb == "MSG" and from == "client"`:               "C MSG, S ",
		`from == "server" && verb in ["MSG", "ACK"]`:       "C , S ACK MSG",
		`from in ["client"] and verb == "MSG"`:             "C MSG, S ",
		`from != "client" and verb == "MSG"`:               "C , S MSG",
		`not (from == "client") and verb == "MSG"`:         "C , S MSG",
		`!(verb != "MSG" or from == "server")`:             "C MSG, S ",
		`verb == "MSG" or verb == "ACK"`:                   "C ACK MSG, S ACK MSG",
		`verb == "MSG" || account == "a"`:                  "C *, S *",
		`verb == "MSG" && account == "a"`:                  "C MSG, S MSG",
		`account == "a" and from == "server"`:              "C , S *",
		`verb != "MSG"`:                                    "C *, S *",
		`verb != "MSG" and verb in ["MSG", "ACK"]`:         "C ACK, S ACK",
		`verb not in ["MSG"] and verb in ["MSG", "ACK"]`:   "C ACK, S ACK",
		`verb == "MSG" and verb == "ACK"`:                  "C , S ",
		`verb == ""`:                                       "C , S ",
		`error == 911`:                                     "C 911, S 911",
		`error == 1`:                                       "C 001, S 001",
		`error in [500, 5]`:                                "C 005 500, S 005 500",
		`error == 0`:                                       "C *, S *",
		`error > 0`:                                        "C *, S *",
		`true`:                                             "C *, S *",
		`false`:                                            "C , S ",
		`false or verb == "MSG"`:                           "C MSG, S MSG",
		`from == "client" ? verb == "MSG" : verb == "ACK"`: "C MSG, S ACK",
		`verb == "MSG" ? size > 5 : verb == "ACK"`:         "C ACK MSG, S ACK MSG",
		`if verb == "MSG" { true } else { false }`:         "C MSG, S MSG",
		`not (verb == "MSG" ? true : true)`:                "C , S ",
		`any(args, # == verb)`:                             "C *, S *",
		`[verb == "MSG"][0]`:                               "C *, S *",
		`verb + "x" == "MSGx"`:                             "C *, S *",
		`verb in ["MSG", account]`:                         "C *, S *",
		`verb in args`:                                     "C *, S *",
		`"MSG" in [verb]`:                                  "C *, S *",
		`let v = verb; v == "MSG"`:                         "C *, S *",
		`verb matches "MS."`:                               "C *, S *",
		`args[0] == "1"`:                                   "C *, S *",
		`session == 3`:                                     "C *, S *",
		// What only some verbs have.
		`cookie != "" and role == "SB"`:          "C ANS USR, S RNG USR XFR",
		`cookie == ""`:                           "C *, S *",
		`not (cookie == "")`:                     "C ANS USR, S RNG USR XFR",
		`len(cookie) > 3 and from == "server"`:   "C , S RNG USR XFR",
		`cookie startsWith "1"`:                  "C ANS USR, S RNG USR XFR",
		`cookie in ["1", "2"]`:                   "C ANS USR, S RNG USR XFR",
		`"1" == cookie`:                          "C ANS USR, S RNG USR XFR",
		`cookie matches "^x*$"`:                  "C *, S *",
		`cookie == status`:                       "C *, S *",
		`text != ""`:                             "C *, S *",
		`verb == "RNG" and cookie contains "12"`: "C , S RNG",
	} {
		f := must(t, expr)
		if got := told(f.Interest()); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
	if got := must(t, `verb == ""`).Interest(); !got.Wants(decode.Client, "") || got.Wants(decode.Client, "MSG") {
		t.Errorf("what is no command has an empty verb: %+v", got)
	}
}

func told(i Interest) string {
	list := func(v Verbs) string {
		if v.All {
			return "*"
		}
		return strings.Join(v.List, " ")
	}
	return fmt.Sprintf("C %s, S %s", list(i.Client), list(i.Server))
}

func TestInterestUnion(t *testing.T) {
	a := must(t, `verb in ["MSG", "ACK"] and from == "client"`).Interest()
	b := must(t, `verb in ["NAK", "MSG"]`).Interest()
	if got, want := told(a.Union(b)), "C ACK MSG NAK, S MSG NAK"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := told(a.Union(must(t, `from == "server"`).Interest())); got != "C ACK MSG, S *" {
		t.Error(got)
	}
	if got := told(Everything.Union(a)); got != "C *, S *" {
		t.Error(got)
	}
	if (Verbs{}).Has("MSG") || !(Verbs{}).None() || Everything.Client.None() || a.Client.None() || !a.Client.Has("ACK") || a.Client.Has("ACL") {
		t.Error("Has and None")
	}
	if got := a.Of(decode.Either); !slices.Equal(got.List, []string{"ACK", "MSG"}) {
		t.Errorf("of either: %+v", got)
	}
}

// Whatever matches a message, its interest has it: expressions by chance on all examples
// of the table.
func TestInterestHoldsAll(t *testing.T) {
	all := examples(t)
	dice := rand.New(rand.NewPCG(1, 2))
	matched, narrow := 0, 0
	for range 400 {
		expr := chanceExpr(dice, 3)
		f := must(t, expr)
		i := f.Interest()
		if !i.Client.All || !i.Server.All {
			narrow++
		}
		for _, m := range all {
			if ok, _ := f.Match(m); ok {
				matched++
				if !i.Wants(m.From, m.Name()) {
					t.Fatalf("%s matches %s of the %v and is not interested: %s", expr, m.Frame.Line(), m.From, told(i))
				}
			}
		}
	}
	if matched < 1000 || narrow < 100 {
		t.Errorf("%d matches, %d narrow expressions: too few to say something", matched, narrow)
	}
}

func examples(t *testing.T) (all []*decode.Message) {
	t.Helper()
	for _, v := range append(decode.Verbs(), decode.LookupVerb("911")) {
		for i := range v.Forms {
			f := &v.Forms[i]
			if f.Example == "" {
				continue
			}
			for _, from := range []decode.Sender{decode.Client, decode.Server} {
				if f.From&from != 0 {
					all = append(all, message(t, from, f.Example+"\r\n"+strings.Repeat(" ", 4000)))
				}
			}
		}
	}
	return all
}

func chanceExpr(dice *rand.Rand, depth int) string {
	if depth == 0 || dice.IntN(4) == 0 {
		atoms := []string{`verb == "MSG"`, `verb != "RNG"`, `verb in ["USR", "XFR", "911"]`, `from == "client"`, `from != "client"`,
			`"USR" == verb`, `error == 911`, `error != 911`, `error in [911, 500]`, `cookie != ""`, `cookie == ""`, `len(status) > 1`, `not (list == "FL")`,
			`"OK" in args`, `size > 20`, `true`, `false`, `args[2] == "OK"`, `trid > 3`, `handle == ""`, `role in ["SB", "NS"]`, `text == ""`}
		return atoms[dice.IntN(len(atoms))]
	}
	a, b := chanceExpr(dice, depth-1), chanceExpr(dice, depth-1)
	switch dice.IntN(4) {
	case 0:
		return "(" + a + " and " + b + ")"
	case 1:
		return "(" + a + " || " + b + ")"
	case 2:
		return "not (" + a + ")"
	}
	return "(" + a + " ? " + b + " : " + chanceExpr(dice, depth-1) + ")"
}
