package payload

import (
	"bytes"
	"fmt"
	"strings"
)

// OfflineMessage is what the service tells of a message that somebody has left (MSNP11
// and later). Its text is fetched elsewhere.
type OfflineMessage struct {
	// From is the sender's account, Name the friendly name, decoded.
	From, Name string
	// ID names it when it is fetched, Received is when it came, as sent.
	ID, Received, Size string
}

// mailData: what is in the mailbox, and which messages wait for who was offline.
func (p *Payload) mailData(at int) {
	p.keys(at)
	data := p.Find("Mail-Data")
	if data == nil {
		p.Summary = "mail notification"
		return
	}
	if !strings.HasPrefix(data.Value, "<") {
		p.Summary = "mailbox: " + data.Value
		return
	}
	waiting := p.OfflineMessages()
	switch len(waiting) {
	case 0:
		p.Summary = "mailbox: " + orWord(between(data.Value, "IU"), "0") + " unread"
	case 1:
		p.Summary = "offline message from " + waiting[0].sender()
	default:
		p.Summary = fmt.Sprintf("%d offline messages, the first from %s", len(waiting), waiting[0].sender())
	}
}

func (m *OfflineMessage) sender() string {
	if m.Name == "" || m.Name == m.From {
		return orWord(m.From, "somebody")
	}
	return m.Name + " (" + m.From + ")"
}

// maxOffline bounds how many messages one notification tells of.
const maxOffline = 256

// OfflineMessages returns the messages that a notification of offline messages, or of
// the mailbox, tells of.
func (p *Payload) OfflineMessages() (list []OfflineMessage) {
	if p.ContentType != oimType && p.ContentType != mailboxType {
		return nil
	}
	rest := p.value("Mail-Data")
	for len(list) < maxOffline {
		_, after, ok := strings.Cut(rest, "<M>")
		if !ok {
			break
		}
		one, after, _ := strings.Cut(after, "</M>")
		rest = after
		list = append(list, OfflineMessage{From: between(one, "E"), Name: decodeWords(between(one, "N")), ID: between(one, "I"),
			Received: between(one, "RT"), Size: between(one, "SZ")})
	}
	return list
}

const (
	oimType     = "text/x-msmsgsoimnotification"
	mailboxType = "text/x-msmsgsinitialmdatanotification"
)

// between returns the text of the first element of that name, which holds no other.
func between(s, name string) string {
	_, rest, ok := strings.Cut(s, "<"+name+">")
	text, _, end := strings.Cut(rest, "</"+name+">")
	if !ok || !end {
		return ""
	}
	return text
}

// mailMeanings says what the elements of Mail-Data mean; within is the element that they
// are in.
func mailMeanings(nodes []Node, within string) {
	for i := range nodes {
		n := &nodes[i]
		if n.Meaning == "" {
			n.Meaning = mailElements[within+"/"+n.Name]
		}
		if within == "M" && n.Name == "N" {
			if name := decodeWords(n.Value); name != n.Value {
				n.Meaning = name
			}
		}
		mailMeanings(n.Children, n.Name)
	}
}

var mailElements = map[string]string{
	"MD/E": "mail", "MD/M": "message for who was offline", "MD/Q": "quota",
	"E/I": "messages in the inbox", "E/IU": "unread in the inbox", "E/O": "messages in other folders", "E/OU": "unread in other folders",
	"M/T": "type", "M/S": "status", "M/RT": "received", "M/RS": "read", "M/SZ": "bytes", "M/E": "sender",
	"M/I": "its id", "M/F": "folder", "M/N": "sender's name",
}

// TellsOffline reports whether a MIME message tells of messages for who was offline, by
// its content type.
func TellsOffline(message []byte) bool {
	value, _ := Header(message, "Content-Type")
	kind, _, _ := bytes.Cut(value, []byte{';'})
	kind = bytes.TrimSpace(kind)
	return isName(kind, oimType) || isName(kind, mailboxType)
}
