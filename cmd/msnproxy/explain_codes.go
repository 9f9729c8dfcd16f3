package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/meaning"
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

// capsWord stands before a capability number.
const capsWord = "caps"

// explainCapabilities prints each bit of a capability number, or of a pair of them.
func explainCapabilities(w io.Writer, number string) error {
	generation, list, ok := meaning.ReadCapabilities(number)
	if !ok {
		return fmt.Errorf("%q is no capability number: 0 to 4294967295, from MSNP16 on two of them parted by a colon", number)
	}
	fmt.Fprintf(w, "%s: capabilities of a client, as in CHG, NLN and JOI\n", number)
	if generation != "" {
		fmt.Fprintf(w, "   %-12s %s, or a client like it\n", "generation", generation)
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "   nothing beyond text")
	}
	extended := false
	for _, a := range list {
		if a.Extended && !extended {
			extended = true
			fmt.Fprintln(w, "behind the colon:")
		}
		fmt.Fprintf(w, "   0x%08x   %s\n", a.Value, a.Name)
	}
	return nil
}

// explainClientError prints what an error code of Microsoft's client means.
func explainClientError(w io.Writer, code uint32) error {
	e, ok := meaning.LookupClientError(code)
	if !ok {
		return fmt.Errorf("the code %s is none that Messenger shows, as far as it is known", e)
	}
	fmt.Fprintf(w, "%s: %s%s\n", e, e.About, mark(e))
	if e.Advice != "" {
		fmt.Fprintf(w, "   %s\n", e.Advice)
	}
	for _, reply := range e.Replies {
		fmt.Fprintf(w, "   The client shows it for the error reply %s: %s.\n", reply, decode.ErrorName(reply))
	}
	return nil
}

// guidShape is what a GUID looks like, with braces and dashes or without.
var guidShape = regexp.MustCompile(`^\{?([0-9A-Fa-f]{8})-?([0-9A-Fa-f]{4})-?([0-9A-Fa-f]{4})-?([0-9A-Fa-f]{4})-?([0-9A-Fa-f]{12})\}?$`)

// explainGUID prints what people are invited to by a GUID.
func explainGUID(w io.Writer, word string) error {
	guid := "{" + strings.Join(guidShape.FindStringSubmatch(word)[1:], "-") + "}"
	purpose, application := p2p.Purpose(guid), payload.Application(guid)
	if purpose == "" && application == "" {
		return fmt.Errorf("%s is no GUID that invites to anything, as far as it is known: those of contacts, groups and end points are made by servers and clients", word)
	}
	if purpose != "" {
		fmt.Fprintf(w, "%s: %s\n   EUF-GUID of an invitation by P2P (MSNSLP, MSNP9 and later)\n", word, purpose)
	}
	if application != "" {
		fmt.Fprintf(w, "%s: %s\n   Application-GUID of an invitation (text/x-msmsgsinvite, MSNP5 and later)\n", word, application)
	}
	return nil
}

// mark says how certain an error code is.
func mark(e meaning.ClientError) string {
	if e.Reported {
		return " (reported by users, not documented)"
	}
	return ""
}

// explainVerb says what is known of a command beyond its forms.
func explainVerb(w io.Writer, v *decode.Verb) {
	if v.Undocumented {
		fmt.Fprintln(w, "No source says what its parameters mean, or what is in its payload.")
	}
	if v.Outside != "" {
		fmt.Fprintf(w, "In other dialects Microsoft's servers answered it with error %s: %s.\n", v.Outside, decode.ErrorName(v.Outside))
	} else if first, last := v.Dialects(decode.Client); last != 0 || first > 2 {
		fmt.Fprintln(w, "From a client of another dialect Microsoft's servers closed the connection at it.")
	}
}

// echoes names the parameters that an echo repeats.
func echoes(f *decode.Form) string {
	names := ""
	for i := range f.Params {
		p := &f.Params[i]
		if p.Name == "trid" || !f.Verb.Says(decode.Client, p.Name) {
			continue
		}
		if names != "" {
			names += ", "
		}
		names += p.Name
	}
	return "the server repeats " + names + " of the request"
}

// messageTypesOf are the types of what a command of routed payloads says, those of a chat.
func messageTypesOf(v *decode.Verb) []payload.MessageType {
	const routedFrom = 18
	for i := range v.Forms {
		if f := &v.Forms[i]; f.Talk && f.First >= routedFrom {
			return payload.MessageTypes()
		}
	}
	return nil
}

// sourced marks what no source says.
func sourced(t payload.MessageType) string {
	if t.Unsourced {
		return " (no source)"
	}
	return ""
}

// explainType prints what a message type or a content type holds. It returns false if
// the word is neither.
func explainType(w io.Writer, word string) bool {
	if t, ok := payload.LookupMessageType(word); ok {
		fmt.Fprintf(w, "%s: %s%s\n   Message-Type of a routed message (MSNP18 and later)\n", t.Name, t.Meaning, sourced(t))
		if t.ReadAs != "" {
			fmt.Fprintf(w, "   its body is read as %s\n", t.ReadAs)
		}
		if t.Unsourced {
			fmt.Fprintln(w, "   No source names it: this follows by analogy from what a switchboard carries.")
		}
		return true
	}
	guess, known := payload.ContentType(word)
	if !known {
		return false
	}
	fmt.Fprintf(w, "%s: Content-Type of a message\n", strings.ToLower(word))
	if guess != "" {
		fmt.Fprintf(w, "   taken for %s (no source: only its name is documented)\n", guess)
	}
	return true
}
