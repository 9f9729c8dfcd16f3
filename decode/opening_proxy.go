package decode

import (
	"bytes"
	"fmt"
	"net"
	"strings"

	"msnproxy/decode/preamble"
)

const (
	adviceProxy   = "msnproxy can be that proxy: give the client the address of msnproxy run for its proxy's (servers other than the upstream need --allow)"
	adviceGateway = "msnproxy run relays it where its address is the client's HTTP proxy, or its gateway, and with --gateway answers it itself"
	adviceHTTP    = "that is for a web server: give the client the port where MSNP is spoken (1863); the web services of the sign-in are read with --web HOST=URL"
	adviceSurf    = "msnproxy is an HTTP proxy for CONNECT, MSN's gateway and the hosts of --web only: let the client take other pages from the web itself"
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
	if from == Server || b[1] == 0 || b[1] == preamble.NoMethod {
		return Opening{Name: preamble.SOCKS5, Text: "the answer of a SOCKS5 proxy", Advice: adviceService}, Yes
	}
	if _, _, s := preamble.ReadMethods(b); s != preamble.Whole {
		return Opening{}, guessOf(s)
	}
	r, _, s := preamble.ReadRequest(b)
	return asksProxy(preamble.SOCKS5, &r, s), Yes
}

// socks4 recognises a SOCKS4 or 4a request, and a proxy's answer.
func socks4(b []byte, from Sender) (Opening, Guess) {
	if b[0] == 0 && from != Client {
		_, _, s := preamble.ReadAnswer(b, preamble.SOCKS4)
		return Opening{Name: preamble.SOCKS4, Text: "the answer of a SOCKS4 proxy", Advice: adviceService}, guessOf(s)
	}
	r, _, s := preamble.ReadSOCKS4(b)
	if r.Way == "" {
		return Opening{}, guessOf(s)
	}
	return asksProxy(r.Way, &r, s), Yes
}

// guessOf says the same of what was read as a whole.
func guessOf(s preamble.State) Guess {
	return map[preamble.State]Guess{preamble.Short: Maybe, preamble.Whole: Yes, preamble.Foreign: No}[s]
}

// asksProxy says what a client asks a SOCKS proxy for, as far as that is here.
func asksProxy(way string, r *preamble.Request, s preamble.State) Opening {
	o := Opening{Name: way, Text: "a request to a " + way + " proxy", Advice: adviceProxy, Partial: s == preamble.Short}
	if s == preamble.Whole && !r.Strange {
		o.Target = plain([]byte(r.Target()))
		o.Text += " for " + o.Target
	}
	return o
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
		return Opening{Name: "HTTP proxy", Text: "a request to an HTTP proxy: " + quoted(firstLine(b)), Advice: adviceSurf}, Yes
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
