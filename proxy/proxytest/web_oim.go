package proxytest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"msnproxy/decode/challenge"
)

// Offline messages: stored at oim.asmx, fetched at rsi.asmx, and told of by MSNP.

const (
	oimRead     = "http://www.hotmail.msn.com/ws/2004/09/oim/rsi"
	oimStore    = "http://messenger.msn.com/ws/2004/09/oim/"
	oimStoreNew = "http://messenger.live.com/ws/2006/09/oim/"
	offlineType = "text/x-msmsgsoimnotification"
	mailboxType = "text/x-msmsgsinitialmdatanotification"
	offlineBin  = ".!!OIM"
	deletedBin  = ".!!trAsH"
)

const (
	// maxOffline is how many messages are kept for an account, and maxOfflineText how long
	// each may be in bytes.
	maxOffline     = 50
	maxOfflineText = 8 << 10
)

// offline is a message that waits for an account.
type offline struct {
	id         string
	from, name string // name as it came: encoded as a header is
	at         time.Time
	content    string // headers and text
}

// note is what a mail notification says of it.
func (o *offline) note() string {
	return fmt.Sprintf(`<M><T>11</T><S>6</S><RT>%s</RT><RS>0</RS><SZ>%d</SZ><E>%s</E><I>%s</I><F>00000000-0000-0000-0000-000000000009</F><N>%s</N></M>`,
		o.at.UTC().Format("2006-01-02T15:04:05.000Z"), len(o.content), escapeXML(o.from), o.id, escapeXML(o.name))
}

// mailData is what the mailbox holds, as notifications and GetMetadata say it.
func (a *account) mailData() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<MD><E><I>%d</I><IU>%d</IU><O>0</O><OU>0</OU></E><Q><QTM>409600</QTM><QNM>204800</QNM></Q>`, a.unread, a.unread)
	for _, o := range a.offline {
		b.WriteString(o.note())
	}
	b.WriteString(`</MD>`)
	return b.String()
}

// offlineStore takes a message: Store, from 8.5 on Store2. The first time it wants a lock
// key, which is the answer to a challenge.
func (c *call) offlineStore() {
	action := c.action()
	space := oimStore
	if action == "Store2" {
		space = oimStoreNew
	}
	ticket := c.doc.find("Ticket")
	from, to := c.doc.find("From"), c.doc.find("To").attr("memberName")
	a := c.web.ownerOf(ticket.attr("passport"), addressOffline)
	content := c.doc.find("Content").raw()
	switch {
	case action != "Store" && action != "Store2":
		c.unasked()
	case a == nil || !strings.EqualFold(a.handle, from.attr("memberName")):
		c.fault("q0:AuthenticationFailed", "Exception of type 'System.Web.Services.Protocols.SoapException' was thrown.",
			`<TweenerChallenge xmlns="`+space+`">lc=1033,id=507,tw=40,fs=1</TweenerChallenge>`)
	case !c.unlocked(a, ticket.attr("appid"), ticket.attr("lockkey")):
		c.fault("q0:AuthenticationFailed", "Exception of type 'System.Web.Services.Protocols.SoapException' was thrown.",
			`<LockKeyChallenge xmlns="`+space+`">`+a.lock+`</LockKeyChallenge>`)
	case c.web.server.accountOf(to) == nil:
		c.fault("q0:InvalidContent", "There is no account "+to+".", "")
	case content == "" || len(content) > maxOfflineText:
		c.fault("q0:InvalidContent", "The message is empty, or too long.", "")
	case len(c.web.server.accountOf(to).offline) >= maxOffline:
		c.fault("q0:SystemUnavailable", "The mailbox is full.", "")
	default:
		c.web.leave(a, c.web.server.accountOf(to), from.attr("friendlyName"), content)
		c.answer(http.StatusOK, envelope(`<SequenceAcknowledgment xmlns="http://schemas.xmlsoap.org/ws/2003/03/rm"><Identifier xmlns="http://schemas.xmlsoap.org/ws/2002/07/utility">http://messenger.msn.com</Identifier></SequenceAcknowledgment>`,
			`<`+action+`Response xmlns="`+space+`" />`))
	}
}

// unlocked reports whether the lock key is the answer to the account's challenge, which it
// gets with the first request.
func (c *call) unlocked(a *account, product, key string) bool {
	if a.lock == "" {
		b := []byte{'1'}
		for len(b) < 20 {
			b = append(b, byte('0'+c.web.rand.IntN(10)))
		}
		a.lock = string(b)
	}
	return challenge.Verify(product, a.lock, key).Result == challenge.Right
}

// leave keeps a message for an account, and tells it if it is signed in.
func (w *Web) leave(from, to *account, name, content string) {
	id := make([]byte, 16)
	for i := range id {
		id[i] = byte(w.rand.IntN(256))
	}
	o := &offline{
		id: strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])), from: from.handle, name: name, at: w.now(),
	}
	o.content = "Received: from ows.example.com by rsi.example.com\r\nDate: " + o.at.UTC().Format(time.RFC1123Z) + "\r\nFrom: " + name + " <" + from.handle + ">\r\nTo: " + to.handle +
		"\r\nSubject: \r\nX-OIM-originatingSource: 127.0.0.1\r\nX-OIMProxy: MSNMSGR\r\nMessage-ID: <" + o.id + "@example.com>\r\n" + content
	to.offline = append(to.offline, o)
	if n := to.session; n != nil && n.conn.dialect >= personalFrom {
		n.conn.notice(mime(offlineType+"; charset=UTF-8", nil, "Mail-Data: <MD>"+o.note()+"</MD>", ""))
	}
}

// offlineRead answers at rsi.asmx. The token comes in two parts.
func (c *call) offlineRead() {
	a := c.web.ownerOf("t="+c.doc.text("t")+"&p="+c.doc.text("p"), addressOld)
	if a == nil {
		c.fault("soap:Client", "Schema validation error: the cookie is not known.", "")
		return
	}
	wanted := c.doc.all("messageId")
	at := slices.IndexFunc(a.offline, func(o *offline) bool {
		return len(wanted) > 0 && strings.EqualFold(o.id, strings.TrimSpace(wanted[0].Text))
	})
	switch action := c.action(); {
	case action == "GetMetadata":
		c.answer(http.StatusOK, envelope("", `<GetMetadataResponse xmlns="`+oimRead+`">`+a.mailData()+`</GetMetadataResponse>`))
	case action != "GetMessage" && action != "DeleteMessages":
		c.unasked()
	case at < 0:
		c.fault("soap:Client", "There is no such message.", "")
	case action == "GetMessage":
		c.answer(http.StatusOK, envelope("", `<GetMessageResponse xmlns="`+oimRead+`"><GetMessageResult>`+escapeXML(a.offline[at].content)+`</GetMessageResult></GetMessageResponse>`))
	default:
		c.deleteMessages(a, wanted)
	}
}

func (c *call) deleteMessages(a *account, wanted []*element) {
	before := len(a.offline)
	for _, id := range wanted {
		a.offline = slices.DeleteFunc(a.offline, func(o *offline) bool { return strings.EqualFold(o.id, strings.TrimSpace(id.Text)) })
	}
	if n := a.session; n != nil && n.conn.dialect >= personalFrom {
		n.conn.notice(mime(n.conn.mailType("activemailnotification"), nil, "Src-Folder: "+offlineBin, "Dest-Folder: "+deletedBin, fmt.Sprintf("Message-Delta: %d", before-len(a.offline)), ""))
	}
	c.answer(http.StatusOK, envelope("", `<DeleteMessagesResponse xmlns="`+oimRead+`" />`))
}
