package decode

import (
	"bytes"
	"strings"

	"msnproxy/decode/p2p"
)

const (
	adviceService = "that is another service: see which host and port the client, or --upstream, was given"
	textDirect    = "a direct connection between two clients (P2P)"
	adviceUTF8    = "MSNP is sent in UTF-8"
	adviceSaved   = "save the file, or send the text, without it"
)

// mark is something that begins with the same bytes every time.
type mark struct {
	begins       string
	name, text   string
	advice       string
	alsoContains string // and this somewhere in what is here, once the first line is
}

// marks begin what is not MSNP. Where one begins as another does the longer stands
// first.
var marks = []mark{
	{begins: "\xef\xbb\xbf", name: "BOM", text: "a byte order mark (UTF-8) in front of what follows", advice: adviceSaved},
	{begins: "SSH-", name: "SSH", text: "the greeting of SSH"},
	{begins: "RFB 00", name: "VNC", text: "the greeting of VNC"},
	{begins: "YMSG", name: "YMSG", text: "YMSG, Yahoo! Messenger's protocol"},
	{begins: "YHOO", name: "YMSG", text: "YHOO, Yahoo! Messenger's old protocol"},
	{begins: "FLAPON\r\n", name: "TOC", text: "TOC, a protocol of AIM"},
	{begins: "*\x01", name: "OSCAR", text: "OSCAR, the protocol of ICQ and AIM"},
	{begins: "*\x02", name: "OSCAR", text: "OSCAR, the protocol of ICQ and AIM"},
	{begins: "<?xml version='1.0'?><stream:", name: "XMPP", text: "XMPP, the protocol of Jabber"},
	{begins: "<stream:stream", name: "XMPP", text: "XMPP, the protocol of Jabber"},
	{begins: "<?xml", name: "XMPP", text: "XMPP, the protocol of Jabber", alsoContains: "stream:stream"},
	{begins: "<?xml", name: "XML", text: "an XML document"},
	{begins: "<policy-file-request/>", name: "Flash", text: "a Flash player's request for a policy file"},
	{begins: "<!DOCTYPE", name: "HTML", text: "a web page"},
	{begins: "<!doctype", name: "HTML", text: "a web page"},
	{begins: "<html", name: "HTML", text: "a web page"},
	{begins: "<HTML", name: "HTML", text: "a web page"},
	{begins: p2p.Greeting, name: nameDirect, text: textDirect, advice: "msnproxy relays it; msnproxy objects lists what it carries"},
	{begins: "\x01\x00\x00\x00\x04\x00\x00\x00", name: "Gadu-Gadu", text: "the greeting of Gadu-Gadu"},
	{begins: "\x13BitTorrent protocol", name: "BitTorrent", text: "BitTorrent"},
	{begins: "\x03\x00\x00", name: "RDP", text: "a connection request of RDP (TPKT)"},
	{begins: "\x81\x00\x00\x44", name: "NetBIOS", text: "a session request of NetBIOS"},
	{begins: "\x00\x00\x00\x08\x04\xd2\x16\x2f", name: "PostgreSQL", text: "a client of PostgreSQL"},
	{begins: "\x1f\x8b\x08", name: "gzip", text: "gzip data"},
	{begins: "\x89PNG\r\n", name: "PNG picture", text: "a PNG picture"},
	{begins: "JOIN #", name: "IRC", text: "IRC"},
	{begins: "CAP LS", name: "IRC", text: "an IRC client"},
	{begins: "NICK ", name: "IRC", text: "an IRC client"},
	{begins: "PASS ", name: "login", text: "a login of IRC, POP3 or FTP"},
	{begins: "USER ", name: "login", text: "a login of IRC, POP3 or FTP"},
	{begins: "NOTICE ", name: "IRC", text: "the greeting of an IRC server"},
	{begins: "ERROR :", name: "IRC", text: "the refusal of an IRC server"},
	{begins: "EHLO ", name: "SMTP", text: "a client of SMTP"},
	{begins: "HELO ", name: "SMTP", text: "a client of SMTP"},
	{begins: "LHLO ", name: "SMTP", text: "a client of LMTP"},
	{begins: "+OK", name: "POP3", text: "the greeting of POP3"},
	{begins: "-ERR", name: "POP3", text: "the refusal of a POP3 server"},
	{begins: "* OK", name: "IMAP", text: "the greeting of IMAP"},
	{begins: "* PREAUTH", name: "IMAP", text: "the greeting of IMAP"},
	{begins: "* BYE", name: "IMAP", text: "the refusal of an IMAP server"},
	{begins: "\xfeSMB", name: "SMB", text: "SMB, Windows file sharing"},
	{begins: "\xffSMB", name: "SMB", text: "SMB, Windows file sharing"},
}

// marked recognises what begins with the same bytes every time.
func marked(b []byte, _ Sender) (Opening, Guess) {
	if rtmp, g := rtmpHandshake(b); g != No {
		return rtmp, g
	}
	more := false
	for i := range marks {
		m := &marks[i]
		switch prefix(b, m.begins) {
		case Maybe:
			more = true
		case Yes:
			if m.alsoContains != "" && !bytes.Contains(b, []byte(m.alsoContains)) {
				continue
			}
			o := Opening{Name: m.name, Text: m.text, Advice: m.advice}
			o.Partial = m.name == "XML"
			if o.Advice == "" {
				o.Advice = adviceService
			}
			if m.name == "BOM" {
				if _, guess := msnp(b[len(m.begins):], Either); guess == Yes {
					o.Text = "a byte order mark (UTF-8) in front of MSNP"
				}
			}
			if printable(firstLine(b)) && b[0] < 0x7f {
				o.Text += ": " + quoted(firstLine(b))
				o.Partial = o.Partial || bytes.IndexByte(b, '\n') < 0
			}
			return o, Yes
		}
	}
	if more {
		return Opening{}, Maybe
	}
	return Opening{}, No
}

// rtmpHandshake recognises the first bytes of RTMP: version 3, a time, zero.
func rtmpHandshake(b []byte) (Opening, Guess) {
	if b[0] != 3 {
		return Opening{}, No
	}
	if len(b) < 9 {
		return Opening{}, Maybe
	}
	if !bytes.Equal(b[5:9], []byte{0, 0, 0, 0}) {
		return Opening{}, No
	}
	return Opening{Name: "RTMP", Text: "the handshake of RTMP, Flash's protocol", Advice: adviceService}, Yes
}

// greeting recognises the first line of services that greet with a number, or with
// the name of the server.
func greeting(b []byte, _ Sender) (Opening, Guess) {
	line := firstLine(b)
	whole := bytes.IndexByte(b, '\n') >= 0
	if b[0] == ':' {
		if !whole {
			return Opening{}, Maybe
		}
		words := strings.Fields(string(line))
		if len(words) > 2 && (isUpper([]byte(words[1]), len(words[1])) || len(words[1]) == 3 && allDigits([]byte(words[1]))) {
			return Opening{Name: "IRC", Text: "an IRC server: " + quoted(line), Advice: adviceService}, Yes
		}
		return Opening{}, No
	}
	for i := range min(3, len(b)) {
		if !isDigit(b[i]) {
			return Opening{}, No
		}
	}
	if len(b) > 3 && b[3] != ' ' && b[3] != '-' {
		return Opening{}, No
	}
	if !whole {
		return Opening{}, Maybe
	}
	upper := strings.ToUpper(string(line[min(4, len(line)):]))
	name := ""
	switch code := string(b[:3]); {
	case strings.Contains(upper, "SMTP"), strings.Contains(upper, "MAIL"):
		name = "SMTP"
	case strings.Contains(upper, "FTP"):
		name = "FTP"
	case code == "200" || code == "201" || strings.Contains(upper, "NNTP"):
		name = "NNTP"
	case code == "220" || code == "421" || code == "554":
		name = "SMTP or FTP"
	default:
		return Opening{}, No
	}
	return Opening{Name: name, Text: "the greeting of " + name + ": " + quoted(line), Advice: adviceService}, Yes
}

// telnet recognises options that are negotiated: IAC, a verb, an option.
func telnet(b []byte, _ Sender) (Opening, Guess) {
	const iac, sb, dont, option = 0xff, 0xfa, 0xfe, 0x40
	switch {
	case b[0] != iac, len(b) > 1 && (b[1] < sb || b[1] > dont), len(b) > 2 && b[2] > option:
		return Opening{}, No
	case len(b) < 3:
		return Opening{}, Maybe
	case b[1] == dont && len(b) < 4:
		return Opening{}, Maybe // it may be the byte order mark of UTF-16
	case b[1] == dont && b[3] == 0:
		return Opening{}, No
	}
	return Opening{Name: "Telnet", Text: "the negotiation of Telnet", Advice: "use a client that sends what is typed and nothing else (nc)"}, Yes
}
