package main

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"

	"msnproxy/cmd/msnproxy/internal/inspector"
	"msnproxy/decode"
	"msnproxy/decode/check"
	"msnproxy/decode/filter"
	"msnproxy/decode/meaning"
	"msnproxy/decode/service"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "explain a command, an error code, a capability number, a GUID, a type of message, a rule of check, a fault, the filter language, or the keys of the inspector",
		ArgsUsage: "VERB | CODE | caps NUMBER | GUID | TYPE | RULE | fault [NAME [VALUE]] | filter | keys",
		Description: `Prints every form that the command table has of the command, each with its
parameters and an example. Of a rule of check, or of a group of rules: what is meant,
how grave it is, for which dialects, and where it comes from. Of an error code, of a reply
(911) or of those that Microsoft's client shows (0x81000306): what it means, and what to
look at. Of a capability number, or a pair of them: each bit. Of the GUID of an invitation:
what to; its dashes and braces may be missing. Of a Message-Type of SDG or a
Content-Type: what it holds, and whether a source says so. Of a named fault: whom
it tests, what is right, and the rules that it is made of. Without an argument:
all commands, one line each.

Examples:
   msnproxy explain XFR
   msnproxy explain 911
   msnproxy explain 0x81000306
   msnproxy explain caps 2684354596:32
   msnproxy explain A4268EEC-FEC5-49E5-95C3-F126696BDBF6
   msnproxy explain Signal/CloseIMWindow
   msnproxy explain challenge.mismatch
   msnproxy explain challenge
   msnproxy explain fault lost-ack
   msnproxy explain filter
   msnproxy explain keys
` + exitCodes,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "markdown", Usage: "print the whole command table as a page of documentation"},
		},
		Action: explain,
	}
}

func explain(c *cli.Context) error {
	w := c.App.Writer
	if c.Bool("markdown") {
		writeReference(w)
		return nil
	}
	if strings.EqualFold(c.Args().First(), faultWord) {
		return explainFault(w, c.Args().Tail())
	}
	switch c.NArg() {
	case 0:
		for _, v := range decode.Verbs() {
			fmt.Fprintf(w, "%s  %s\n", v.Name, v.Meaning)
		}
		return nil
	case 1:
	case 2:
		if strings.EqualFold(c.Args().First(), capsWord) {
			return explainCapabilities(w, c.Args().Get(1))
		}
		fallthrough
	default:
		return usage("explain", "explain takes one word, not %d, or %s and a number", c.NArg(), capsWord)
	}
	word := c.Args().First()
	if strings.EqualFold(word, capsWord) {
		return usage("explain", "give the number, too: explain %s 2684354596:32", capsWord)
	}
	if code, ok := meaning.ReadClientError(word); ok {
		return explainClientError(w, code)
	}
	if guidShape.MatchString(word) {
		return explainGUID(w, word)
	}
	if strings.EqualFold(word, "filter") {
		explainFilter(w)
		return nil
	}
	if strings.EqualFold(word, "keys") {
		return inspector.WriteKeys(w, false)
	}
	if explained, err := explainRules(w, strings.ToLower(word)); explained || err != nil {
		return err
	}
	name := strings.ToUpper(word)
	v := decode.LookupVerb(name)
	switch {
	case v == nil && explainType(w, word):
		return nil
	case v == nil && service.Lookup(word) != nil:
		return service.WriteAction(w, service.Lookup(word))
	case v == nil:
		return fmt.Errorf("there is no command %q in MSNP2 to MSNP21; \"msnproxy explain\" lists them all", word)
	case v.Name == "error":
		means := decode.ErrorName(name)
		if means == "" {
			means = "not known"
		}
		fmt.Fprintf(w, "%s: %s\n", name, means)
		for _, e := range meaning.ClientErrorsOf(name) {
			fmt.Fprintf(w, "   Microsoft's client shows it as %s%s\n", e, mark(e))
		}
	default:
		fmt.Fprintf(w, "%s: %s\n", v.Name, v.Meaning)
		explainVerb(w, v)
		for _, t := range messageTypesOf(v) {
			fmt.Fprintf(w, "   %-24s %s%s\n", t.Name, t.Meaning, sourced(t))
		}
	}
	for i := range v.Forms {
		explainForm(w, &v.Forms[i])
	}
	return nil
}

// explainRules prints the rule of that name, or the rules of that group. It returns
// false if there are none.
func explainRules(w io.Writer, name string) (explained bool, err error) {
	rules := check.Rules()
	for i := range rules {
		r := &rules[i]
		if r.ID != name && r.Group() != strings.TrimSuffix(name, ".*") {
			continue
		}
		if explained {
			fmt.Fprintln(w)
		}
		if explained, err = true, check.WriteRule(w, r); err != nil {
			return true, err
		}
	}
	if !explained && strings.Contains(name, ".") {
		_, err = check.Select([]string{name})
	}
	return explained, err
}

func explainForm(w io.Writer, f *decode.Form) {
	fmt.Fprintf(w, "\n%s: %s\n   %s; %s; %s\n", senderOf(f), f.Usage(), f.Meaning, f.Dialects(), serversOf(f))
	for i := range f.Params {
		p := &f.Params[i]
		about := p.Kind.About
		for _, l := range p.Literals {
			if m := p.Kind.Means(l); m != "" {
				about += fmt.Sprintf("; %s: %s", l, m)
			}
		}
		if p.Name == "word" {
			continue
		}
		if p.Kind.Secret {
			about += " (secret)"
		}
		fmt.Fprintf(w, "   %-14s %s\n", p.Name, about)
	}
	if f.Payload != "" {
		fmt.Fprintf(w, "   payload        %s\n", f.Payload)
	}
	if f.Reply == "none" {
		fmt.Fprintf(w, "   reply          none if all is well\n")
	} else if f.Reply != "" {
		fmt.Fprintf(w, "   reply          %s\n", f.Reply)
	}
	if f.Echo {
		fmt.Fprintf(w, "   echo           %s\n", echoes(f))
	}
	if f.Noise != decode.NoNoise {
		fmt.Fprintf(w, "   noise          %s\n", f.Noise)
	}
	for i, line := range strings.Split(f.Example, "\r\n") {
		if i == 0 {
			fmt.Fprintf(w, "   e.g. %s\n", line)
		} else {
			fmt.Fprintf(w, "        %s\n", line)
		}
	}
}

func senderOf(f *decode.Form) string {
	switch f.From {
	case decode.Client:
		return "C"
	case decode.Server:
		return "S"
	}
	return "C or S"
}

// serversOf names the servers of a form.
func serversOf(f *decode.Form) string {
	var names []string
	for _, r := range []decode.Role{decode.DS, decode.NS, decode.SB, decode.FTP} {
		if f.Roles&r != 0 {
			names = append(names, r.String())
		}
	}
	return strings.Join(names, ", ")
}

func explainFilter(w io.Writer) {
	fmt.Fprint(w, `A filter is an expression that is true for the messages wanted:

   verb == "MSG" && account contains "bob"
   error != 0 or latency_ms > 500
   verb in ["XFR", "RNG"] and role == "NS"
   text matches "(?i)hello"
   any(args, # startsWith "alice")
   time >= "22:03:34" and time < "22:05"
   ended == "reset" and by == "server"
   severity >= 2

Operators: == != < <= > >= and or not (&& || !) in contains startsWith endsWith
matches + - * / %. The language is that of github.com/expr-lang/expr.

A time is one of the day, one with its date (2026-11-24 22:03:34) or a step from the
first message (+5s); == holds within the second, or minute, that is written. Ends of
connections and lost bytes are asked, too: they have a time, a connection and findings,
and no number.

Of every message:
`)
	general := filter.Names()
	for _, n := range general {
		fmt.Fprintf(w, "   %-14s %-8s %s\n", n.Name, n.Type, n.About)
	}
	fmt.Fprint(w, "\nParameters, as strings; empty where a message has none:\n")
	taken := make(map[string]bool)
	for _, n := range general {
		taken[n.Name] = true
	}
	params := filter.Parameters()
	sort.Slice(params, func(i, j int) bool { return params[i].Name < params[j].Name })
	for _, n := range params {
		if !taken[n.Name] && n.Name != "word" {
			fmt.Fprintf(w, "   %-14s %s\n", n.Name, n.About)
		}
	}
}
