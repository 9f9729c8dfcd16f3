package decode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const (
	adviceProxy   = "the client's connection settings name a proxy, which msnproxy is not: turn that off and give the client msnproxy's address as its server's"
	adviceGateway = "turn the client's HTTP proxy off so that it speaks MSNP itself; nothing is rewritten in HTTP"
	adviceHTTP    = "that is for a web server: give the client the port where MSNP is spoken (1863)"
)

// socks5 recognises a SOCKS5 client's greeting, with the request behind it if that
// is here, and a proxy's choice of method.
func socks5(b []byte, from Sender) (Opening, Guess) {
	const version = 5
	if b[0] != version {
		return Opening{}, No
	}
	if len(b) < 2 {
		return Opening{}, Maybe
	}
	if from == Server || b[1] == 0 || b[1] == 0xff {
		return Opening{Name: "SOCKS5", Text: "the answer of a SOCKS5 proxy", Advice: adviceProxy}, Yes
	}
	methods := int(b[1])
	for _, m := range b[2:min(len(b), 2+methods)] {
		// Methods are small numbers, or private ones from 128 on.
		if m > 9 && m < 0x80 {
			return Opening{}, No
		}
	}
	o := Opening{Name: "SOCKS5", Text: "a request to a SOCKS5 proxy", Advice: adviceProxy, Partial: true}
	if len(b) < 2+methods {
		return Opening{}, Maybe
	}
	rest := b[2+methods:]
	if len(rest) > 1 && rest[0] == 1 { // user name and password
		name := 2 + int(rest[1])
		if len(rest) <= name || len(rest) < name+1+int(rest[name]) {
			return o, Yes
		}
		rest = rest[name+1+int(rest[name]):]
	}
	if len(rest) == 0 {
		return o, Yes
	}
	target, guess := socks5Target(rest)
	if guess == Maybe {
		return o, Yes
	}
	o.Partial = false
	if guess == Yes {
		o.Target = target
		o.Text += " for " + target
	}
	return o, Yes
}

// socks5Target reads a SOCKS5 request: version, command, 0, address.
func socks5Target(b []byte) (string, Guess) {
	const v4, name, v6 = 1, 3, 4
	if len(b) < 5 {
		return "", Maybe
	}
	r := cutter{b: b[4:], ok: true}
	var host string
	switch b[3] {
	case v4:
		host = ipText(r.take(4))
	case v6:
		host = ipText(r.take(16))
	case name:
		host = plain(r.take(r.number(1)))
	default:
		return "", No
	}
	port := r.number(2)
	if !r.ok {
		return "", Maybe
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), Yes
}

func ipText(b []byte) string {
	ip, _ := netip.AddrFromSlice(b)
	return ip.String()
}

// socks4 recognises a SOCKS4 or 4a request, and a proxy's answer.
func socks4(b []byte, from Sender) (Opening, Guess) {
	const version, granted, refused = 4, 0x5a, 0x5d
	if b[0] == 0 && from != Client {
		switch {
		case len(b) > 1 && (b[1] < granted || b[1] > refused):
			return Opening{}, No
		case len(b) < 8:
			return Opening{}, Maybe
		}
		return Opening{Name: "SOCKS4", Text: "the answer of a SOCKS4 proxy", Advice: adviceProxy}, Yes
	}
	if b[0] != version || len(b) > 1 && b[1] != 1 && b[1] != 2 {
		return Opening{}, No
	}
	if len(b) < 9 {
		return Opening{}, Maybe
	}
	port, ip := binary.BigEndian.Uint16(b[2:]), b[4:8]
	o := Opening{Name: "SOCKS4", Text: "a request to a SOCKS4 proxy", Advice: adviceProxy}
	host := ipText(ip)
	if ip[0] == 0 && ip[1] == 0 && ip[2] == 0 && ip[3] != 0 {
		o.Name, o.Text = "SOCKS4a", "a request to a SOCKS4a proxy"
		if user := bytes.IndexByte(b[8:], 0); user < 0 {
			o.Partial = true
			return o, Yes
		} else if name, _, whole := bytes.Cut(b[8+user+1:], []byte{0}); !whole {
			o.Partial = true
			return o, Yes
		} else {
			host = plain(name[:min(len(name), 253)])
		}
	} else if port == 0 {
		return Opening{}, No // as the length of a P2P packet
	}
	o.Target = net.JoinHostPort(host, strconv.Itoa(int(port)))
	o.Text += " for " + o.Target
	return o, Yes
}

// proxyV2 begins the binary header of the PROXY protocol.
const proxyV2 = "\r\n\r\n\x00\r\nQUIT\n"

// proxyHeader recognises what a load balancer puts in front of a connection.
func proxyHeader(b []byte, _ Sender) (Opening, Guess) {
	const name, advice = "PROXY protocol", "turn it off where it is sent (send-proxy, proxy_protocol): a server of MSNP does not expect it"
	if g := prefix(b, proxyV2); g != No {
		return Opening{Name: name, Text: "a header of the PROXY protocol, version 2", Advice: advice}, g
	}
	g := prefix(b, "PROXY ")
	if g != Yes {
		return Opening{}, g
	}
	o := Opening{Name: name, Text: "a header of the PROXY protocol, version 1", Advice: advice}
	words := strings.Fields(string(firstLine(b)))
	o.Partial = bytes.IndexByte(b, '\n') < 0
	if !o.Partial && len(words) == 6 {
		o.Text += fmt.Sprintf(": %s for %s", plain([]byte(net.JoinHostPort(words[2], words[4]))), plain([]byte(net.JoinHostPort(words[3], words[5]))))
	}
	return o, Yes
}

// methods are those of HTTP and WebDAV, and of what looks like it.
var methods = []string{
	"GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE", "PROPFIND", "PROPPATCH", "REPORT",
	"MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SUBSCRIBE", "NOTIFY", "INVITE", "REGISTER", "DESCRIBE", "MESSAGE",
}

// httpRequest recognises a request of HTTP, and of RTSP and SIP, which look alike.
func httpRequest(b []byte, _ Sender) (Opening, Guess) {
	if g := prefix(b, "PRI * HTTP/2.0\r\n"); g == Yes {
		return Opening{Name: "HTTP/2", Text: "the preface of HTTP/2", Advice: adviceHTTP}, Yes
	}
	method, more := "", false
	for _, m := range methods {
		switch prefix(b, m+" ") {
		case Yes:
			method = m
		case Maybe:
			more = true
		}
	}
	if prefix(b, "PRI * HTTP/2.0\r\n") == Maybe {
		more = true
	}
	if method == "" {
		if more {
			return Opening{}, Maybe
		}
		return Opening{}, No
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return Opening{}, Maybe
	}
	words := strings.Fields(string(firstLine(b)))
	last := words[len(words)-1]
	protocol, _, found := strings.Cut(last, "/")
	if len(words) == 2 && method == "GET" {
		protocol, found = "HTTP", true // HTTP/0.9
	}
	if !found || len(words) > 3 || len(words) < 2 || protocol != "HTTP" && protocol != "RTSP" && protocol != "SIP" {
		return Opening{}, No
	}
	target := words[1]
	switch {
	case protocol != "HTTP":
		return Opening{Name: protocol, Text: "a request of " + protocol + ": " + quoted(firstLine(b)), Advice: adviceHTTP}, Yes
	case method == "CONNECT":
		t := plain([]byte(target[:min(len(target), 260)]))
		return Opening{Name: "HTTP CONNECT", Text: "a request to an HTTP proxy to connect to " + t, Advice: adviceProxy, Target: t}, Yes
	case gatewayTarget(target):
		return Opening{Name: nameGateway, Text: "a request to MSN's HTTP gateway: " + quoted(firstLine(b)), Advice: adviceGateway}, Yes
	case strings.Contains(target, "://"):
		return Opening{Name: "HTTP proxy", Text: "a request to an HTTP proxy: " + quoted(firstLine(b)), Advice: adviceProxy}, Yes
	}
	return Opening{Name: "HTTP", Text: "an HTTP request: " + quoted(firstLine(b)), Advice: adviceHTTP}, Yes
}

// httpAnswer recognises an answer of HTTP, RTSP, SIP or a Shoutcast server.
func httpAnswer(b []byte, _ Sender) (Opening, Guess) {
	more := false
	for _, p := range []string{"HTTP/", "RTSP/", "SIP/", "ICY "} {
		switch prefix(b, p) {
		case Yes:
			name := strings.TrimRight(p, "/ ")
			o := Opening{Name: name, Text: "the answer of a server of " + name + ": " + quoted(firstLine(b)), Advice: adviceService, Answer: true, Partial: bytes.IndexByte(b, '\n') < 0}
			if gatewayAnswer(b) {
				o.Name, o.Text, o.Advice = nameGateway, "the answer of MSN's HTTP gateway: "+quoted(firstLine(b)), adviceGateway
			}
			return o, Yes
		case Maybe:
			more = true
		}
	}
	if more {
		return Opening{}, Maybe
	}
	return Opening{}, No
}

func gatewayTarget(target string) bool {
	return strings.Contains(strings.ToLower(target), "/gateway/gateway.dll")
}

func gatewayAnswer(b []byte) bool {
	head, _, _ := bytes.Cut(b[:min(len(b), MaxOpening)], []byte("\r\n\r\n"))
	return bytes.Contains(bytes.ToLower(head), []byte("\nx-msn-messenger:"))
}
