package objects

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"msnproxy/cmd/msnproxy/internal/show"
	"msnproxy/decode/p2p"
	"msnproxy/decode/transfer"
)

// safe makes what may have come from the wire fit for a terminal and a table.
func safe(s string) string {
	if s == "" {
		return "-"
	}
	return string(show.Clip(nil, s, 40))
}

// Size says how much of how much has come.
func Size(t *transfer.Transfer) string {
	got := strconv.FormatUint(t.Received(), 10)
	switch {
	case t.Size < 0 && t.Received() == 0:
		return "-"
	case t.Size < 0:
		return got + " of ?"
	case uint64(t.Size) == t.Received():
		return got
	}
	return got + " of " + strconv.FormatInt(t.Size, 10)
}

// State says how far it has come, by whom and why.
func State(t *transfer.Transfer) string {
	s := t.State.String()
	if t.By != "" {
		s += " by " + t.By
	}
	if t.Reason != "" {
		s += ": " + t.Reason
	}
	return s
}

// Path says what it came by.
func Path(t *transfer.Transfer) string {
	if t.Mixed {
		return "several, at last " + t.Path
	}
	return t.Path
}

// Hash says whether SHA1D is right.
func Hash(t *transfer.Transfer) string {
	switch {
	case t.Hash != p2p.Unjudged:
		return t.Hash.String()
	case t.Object != nil && t.Object.SHA1D != "":
		return "not known"
	}
	return ""
}

// WriteText writes transfers as a table for people. file gives the name of the file
// that one was written to; nil: none was.
func WriteText(out io.Writer, list []*transfer.Transfer, file func(*transfer.Transfer) string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "NO\tKIND\tNAME\tBYTES\tTYPE\tFROM\tTO\tSTATE\tPATH\tTIME\tSHA1D")
	if file != nil {
		fmt.Fprint(w, "\tFILE")
	}
	fmt.Fprintln(w)
	for _, t := range list {
		kind := "-"
		if len(t.Head) > 0 {
			kind, _ = t.Type()
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%v\t%s", t.Number, t.Kind, safe(t.Name), Size(t), kind, safe(t.From), safe(t.To),
			show.Clip(nil, State(t), 60), safe(Path(t)), t.Duration().Round(time.Millisecond), safe(Hash(t)))
		if file != nil {
			fmt.Fprintf(w, "\t%s", safe(file(t)))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// line is a transfer as JSON: docs/json.md describes it.
type line struct {
	V         int        `json:"v"`
	Number    int        `json:"number"`
	Kind      string     `json:"kind"`
	Name      string     `json:"name,omitempty"`
	Size      *int64     `json:"size,omitempty"`
	Received  uint64     `json:"received"`
	Type      string     `json:"type,omitempty"`
	From      string     `json:"from,omitempty"`
	To        string     `json:"to,omitempty"`
	Inviter   string     `json:"inviter,omitempty"`
	State     string     `json:"state"`
	By        string     `json:"by,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	Path      string     `json:"path,omitempty"`
	Mixed     bool       `json:"mixed,omitempty"`
	Began     *time.Time `json:"began,omitempty"`
	Duration  float64    `json:"duration_ms"`
	SHA1      string     `json:"sha1,omitempty"`
	SHA1D     string     `json:"sha1d,omitempty"`
	SHA1C     string     `json:"sha1c,omitempty"`
	Packets   int        `json:"packets"`
	Addresses []string   `json:"addresses,omitempty"`
	Session   uint32     `json:"p2p_session,omitempty"`
	CallID    string     `json:"call_id,omitempty"`
	Conn      uint32     `json:"conn"`
	Message   int64      `json:"message"`
	Bye       bool       `json:"bye"`
	File      string     `json:"file,omitempty"`
}

// AppendJSON appends a transfer as one JSON object and a line end. What is not ASCII is
// escaped by Go's rules for JSON.
func AppendJSON(dst []byte, t *transfer.Transfer, file string) []byte {
	l := line{V: 1, Number: t.Number, Kind: t.Kind, Name: t.Name, Received: t.Received(), From: t.From, To: t.To, Inviter: t.Inviter,
		State: t.State.String(), By: t.By, Reason: t.Reason, Path: t.Path, Mixed: t.Mixed, Duration: float64(t.Duration()) / 1e6,
		SHA1: t.SHA1, SHA1D: t.Hash.String(), SHA1C: t.Seal.String(), Packets: t.Packets, Addresses: t.Addresses, Session: t.SessionID, CallID: t.CallID,
		Conn: t.Conn, Message: t.Message, Bye: t.Bye, File: file}
	if t.Size >= 0 {
		l.Size = &t.Size
	}
	if len(t.Head) > 0 {
		l.Type, _ = t.Type()
	}
	if !t.Began.IsZero() {
		at := t.Began.UTC()
		l.Began = &at
	}
	b, _ := json.Marshal(l) // strings and numbers: it can't fail
	return append(append(dst, b...), '\n')
}
