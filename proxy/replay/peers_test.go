package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msnproxy/proxy/proxytest"
)

// otherNumbers are other numbers than the recorded ones; the session's has as many digits
// as are asked for.
func otherNumbers(session uint32) proxytest.Numbers {
	const of = "-AAAA-4BBB-8CCC-DDDDDDDDDDDD"
	return proxytest.Numbers{Session: session, Asks: 4_000_000_000, Owns: 123_456_789, Call: "11111111" + of, Branch: "22222222" + of, Close: "33333333" + of}
}

// alone is one of the two people of the script, who meets the other in the recording.
func alone(t *testing.T, dialect, addr, account, password, endPoint string, do func(*proxytest.Client, *proxytest.Switchboard) error) error {
	t.Helper()
	ctx := within(t, soon)
	options := proxytest.Options{Account: account, Password: password, Dialects: []string{dialect, "CVR0"}, EndPoint: endPoint}
	c, err := proxytest.Dial(ctx, addr, options)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := online(t, c, dialect); err != nil {
		return err
	}
	var sb *proxytest.Switchboard
	if account == "bob@example.com" {
		rng, err := c.Expect(ctx, "RNG")
		if err != nil {
			return err
		}
		sb, err = c.AnswerCall(ctx, rng)
		if err != nil {
			return err
		}
	} else {
		if sb, err = c.OpenSwitchboard(ctx); err != nil {
			return err
		}
		if _, err = sb.Call(ctx, "bob@example.com"); err != nil {
			return err
		}
		if _, err := sb.Expect(ctx, "JOI"); err != nil {
			return err
		}
	}
	return do(c, sb)
}

// online does what the script does before a call.
func online(t *testing.T, c *proxytest.Client, dialect string) error {
	ctx := within(t, soon)
	var n int
	fmt.Sscanf(dialect, "MSNP%d", &n)
	if n < 13 {
		if _, err := c.Sync(ctx, 0); err != nil {
			return err
		}
		return c.SetStatus(ctx, "NLN")
	}
	return c.GoOnline(ctx, "Bob", "", "", proxytest.Members{{Handle: "alice@example.com", Lists: 3}})
}

// One end of a transfer is live, with numbers, GUIDs and an end point of its own, and the
// other is the recording: the picture arrives, whoever is live, in both versions.
func TestOneLivePeer(t *testing.T) {
	for _, dialect := range []string{"MSNP9", "MSNP12", "MSNP13", "MSNP15", "MSNP16", "MSNP18"} {
		file := recordScript(t, []string{dialect, "CVR0"})
		for _, session := range []uint32{1338, 7, 4_123_456_789} {
			t.Run(fmt.Sprintf("%s %d", dialect, session), func(t *testing.T) {
				t.Parallel()
				s, e := serve(t, ServerConfig{Story: tell(t, file)})
				talk := func(sb *proxytest.Switchboard, first, mode, second string) error {
					if _, err := sb.Text(within(t, soon), "N", first); err != nil {
						return err
					}
					_, err := sb.Text(within(t, soon), mode, second)
					return err
				}
				fetch := func(c *proxytest.Client, sb *proxytest.Switchboard) error {
					if err := talk(sb, "お元気ですか、Alice?", "A", "MSG 1 N 5 is what a command looks like"); err != nil {
						return err
					}
					return sb.FetchPicture(within(t, soon), sb.Present[0], proxytest.DemoPicture(), otherNumbers(session))
				}
				if err := alone(t, dialect, s.Addr().String(), "bob@example.com", "builder", "{bbbbbbbb-0000-0000-0000-000000000002}", fetch); err != nil {
					t.Fatalf("%v\n%s", err, e)
				}
				// As long as he is here what he does live counts, not what he did.
				for until := time.Now().Add(soon); len(e.of(Finished)) == 0; time.Sleep(time.Millisecond) {
					if time.Now().After(until) {
						t.Fatalf("his end is not seen\n%s", e)
					}
				}
				show := func(c *proxytest.Client, sb *proxytest.Switchboard) error {
					if err := talk(sb, "Hello Bob, schöne Grüße vom Café", "A", "😀 gut, und selbst?\r\nBis später"); err != nil {
						return err
					}
					to := "bob@example.com"
					if strings.Compare(dialect, "MSNP16") >= 0 && len(dialect) == 6 {
						to += ";{11111111-2222-3333-4444-555555555555}"
					}
					return sb.ShowPicture(within(t, soon), to, proxytest.DemoPicture(), otherNumbers(session))
				}
				if err := alone(t, dialect, s.Addr().String(), "alice@example.com", "wonderland", "{aaaaaaaa-0000-0000-0000-000000000001}", show); err != nil {
					t.Fatalf("%v\n%s", err, e)
				}
			})
		}
	}
}
