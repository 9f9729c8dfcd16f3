package transfer

import (
	"bytes"
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
	"msnproxy/decode/payload"
)

// Before P2P a file was offered by an invitation in the conversation, and went over a
// connection of its own: MSNFTP.

// FTP is the path of a file by MSNFTP.
const FTP = "MSNFTP"

// ftpPort is where MSNFTP is if nobody says otherwise.
const ftpPort = "6891"

// ftp is a connection of MSNFTP.
type ftp struct {
	t    *Transfer
	at   uint64 // bytes of the file so far
	lost bool   // and then some are missing
}

func cookieKey(cookie string) string { return "MSNFTP " + cookie }

// invitation takes a step of an invitation to a file.
func (k *Tracker) invitation(m *decode.Message) *Event {
	const headers = 256
	b := m.Frame.Payload()
	if m.Form.Payload != string(payload.MIME) || !bytes.Contains(b[:min(len(b), headers)], []byte("msmsgsinvite")) {
		return nil
	}
	body := m.Payload()
	step, ok := body.Invitation()
	if !ok {
		return nil
	}
	from, to := k.parties(m, &cargo{})
	t := k.calls[cookieKey(step.Cookie)]
	if step.Command == "INVITE" && step.File != "" && (t == nil || t.State >= Declined || !same(t.From, bare(from))) {
		t = k.begin(m)
		t.Kind, t.Name, t.CallID = p2p.KindFile, step.File, cookieKey(step.Cookie)
		t.From, t.To, t.Inviter = bare(from), bare(to), bare(from)
		if n, err := strconv.ParseInt(step.FileSize, 10, 64); err == nil && n >= 0 {
			t.Size = n
		}
		k.know(t)
	}
	if t == nil {
		return nil
	}
	if who := bare(from); t.To == "" && !strings.EqualFold(who, t.From) {
		t.To = who
	} else if t.To == "" && m.From == decode.Server {
		t.To = bare(to)
	}
	switch step.Command {
	case "ACCEPT":
		t.accepted(body)
	case "CANCEL":
		if t.State == Offered && !strings.EqualFold(bare(from), t.From) {
			t.over(Declined, bare(from), "", m.Time)
		} else {
			t.over(Cancelled, bare(from), "", m.Time)
		}
	}
	k.event.Transfer = t
	return &k.event
}

// accepted takes where the file is to be had, and by what secret.
func (t *Transfer) accepted(body *payload.Payload) {
	if t.State == Offered {
		t.State = Accepted
	}
	value := func(name string) string {
		if n := body.Find(name); n != nil {
			return n.Value
		}
		return ""
	}
	if secret := value("AuthCookie"); secret != "" {
		t.secret = secret
	}
	for _, ip := range []string{value("IP-Address"), value("IP-Address-Internal")} {
		for _, port := range []string{cmp.Or(value("Port"), ftpPort), value("PortX")} {
			if a := net.JoinHostPort(ip, port); ip != "" && port != "" && len(t.Addresses) < maxAddresses && !slices.Contains(t.Addresses, a) {
				t.Addresses = append(t.Addresses, a)
			}
		}
	}
}

// onFTP takes a message of an MSNFTP connection.
func (k *Tracker) onFTP(m *decode.Message) *Event {
	f := k.files[m.Conn.ID]
	if f == nil {
		if len(k.files) >= maxDirect {
			return nil
		}
		f = &ftp{}
		if k.files == nil {
			k.files = make(map[uint32]*ftp)
		}
		k.files[m.Conn.ID] = f
	}
	if m.Occurrence != decode.NoOccurrence || m.Frame == nil {
		return nil
	}
	if f.t == nil {
		f.t = k.offerOf(m)
	}
	if m.Frame.Kind == decode.Block {
		k.block(f, m)
	} else {
		k.command(f, m)
	}
	k.event.Transfer = f.t
	return &k.event
}

// offerOf finds the offer that a connection belongs to: by its secret, or the address.
func (k *Tracker) offerOf(m *decode.Message) *Transfer {
	cookie, _ := m.Value("cookie")
	for i := len(k.list) - 1; i >= 0; i-- {
		if t := k.list[i]; t.State < Declined && (cookie != "" && cookie == t.secret || cookie == "" && slices.Contains(t.Addresses, m.Conn.Server)) {
			return t
		}
	}
	return nil
}

func (k *Tracker) command(f *ftp, m *decode.Message) {
	if cookie, ok := m.Value("cookie"); ok && f.t != nil && f.t.secret != "" && f.t.secret != cookie {
		f.t = k.offerOf(m) // the address was that of another transfer, too
	}
	switch m.Act() {
	case decode.ActFile:
		if f.t == nil {
			f.t = k.begin(m)
			f.t.Kind, f.t.Unseen = p2p.KindFile, true
		}
		v, _ := m.Value("size")
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
			f.t.Size = n
		}
	case decode.ActLeave:
		f.bye(m)
	case decode.ActCancel:
		if f.t != nil {
			f.t.over(Cancelled, "", "", m.Time)
		}
	}
}

// bye takes the end, whose code says how it went.
func (f *ftp) bye(m *decode.Message) {
	if f.t == nil || m.Len() == 0 {
		return
	}
	f.t.Bye = true
	switch code := m.Field(0); code.Means() {
	case "sent", "received":
		if f.t.Size == 0 {
			f.t.over(Complete, "", "", m.Time)
		}
	case "cancelled":
		f.t.over(Cancelled, "", "", m.Time)
	default:
		f.t.over(Failed, "", cmp.Or(code.Means(), "code "+code.Value()), m.Time)
	}
}

// block takes a piece of the file.
func (k *Tracker) block(f *ftp, m *decode.Message) {
	data := m.Frame.Payload()
	if f.t == nil || f.lost || len(data) == 0 || f.t.State > Accepted {
		return
	}
	p := p2p.Packet{Version: p2p.V1, Offset: f.at, Data: data}
	if f.t.Size > 0 {
		p.Total = uint64(f.t.Size)
	}
	f.at += uint64(len(data))
	k.content(f.t, &p, FTP, m)
}
