package proxytest

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// signIn gets the ticket that USR shows. policy is what the server said with USR.
func (w *webClient) signIn(ctx context.Context, policy string) (Ticket, error) {
	if w.ticket != (Ticket{}) {
		return w.ticket, nil // from before a redirect
	}
	var err error
	switch {
	case w.dialect < ssoFrom && !w.options.OldTokens:
		err = w.passport(ctx, policy)
	default:
		err = w.getTokens(ctx, policy)
	}
	if err == nil && w.dialect >= circlesFrom {
		err = w.findCircles(ctx)
	}
	if err == nil && w.options.Ticket != nil {
		w.ticket = *w.options.Ticket
	}
	return w.ticket, err
}

// maxMoves is how often login2.srf may send a client elsewhere.
const maxMoves = 3

// passport asks the nexus where to sign in, and signs in there.
func (w *webClient) passport(ctx context.Context, policy string) error {
	answer, _, err := w.ask(ctx, "nexus", http.MethodGet, w.options.Hosts.Nexus+"/rdr/pprdr.asp", http.Header{}, "")
	if err != nil {
		return err
	}
	at := ""
	for part := range strings.SplitSeq(answer.Header.Get("PassportURLs"), ",") {
		if v, ok := strings.CutPrefix(part, "DALogin="); ok {
			at = v
		}
	}
	if answer.StatusCode != http.StatusOK || at == "" {
		return &WebError{Account: w.account, Action: "nexus", Host: w.options.Hosts.Nexus, Status: answer.StatusCode}
	}
	offer := "Passport1.4 OrgVerb=GET,OrgURL=http%3A%2F%2Fmessenger%2Emsn%2Ecom,sign-in=" + url.QueryEscape(w.account) + ",pwd=" +
		strings.ReplaceAll(url.QueryEscape(w.password), "+", "%20") + "," + policy
	for range maxMoves {
		answer, _, err := w.ask(ctx, "login2", http.MethodGet, at, http.Header{"Authorization": {offer}}, "")
		if err != nil {
			return err
		}
		host, _, _ := strings.Cut(at, "/")
		to, err := url.Parse(answer.Header.Get("Location"))
		switch token := between(answer.Header.Get("Authentication-Info"), "from-PP='", "'"); {
		case answer.StatusCode == http.StatusFound && err == nil && to.Host != "":
			at = to.Host + to.RequestURI()
		case answer.StatusCode != http.StatusOK || token == "":
			return &WebError{Account: w.account, Action: "login2", Host: host, Status: answer.StatusCode,
				Code: between(answer.Header.Get("WWW-Authenticate"), "da-status=", ","), Text: between(answer.Header.Get("WWW-Authenticate"), "cbtxt=", ",")}
		default:
			w.ticket.Text, w.tokens[""] = token, token
			return nil
		}
	}
	return fmt.Errorf("%s: login2: sent elsewhere %d times, the last time to %s", w.account, maxMoves, at)
}

// between is what stands between two marks; without the second, all behind the first.
func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	rest, _, _ = strings.Cut(rest, to)
	return rest
}

// hostingApp is how Messenger names itself to the token service.
const hostingApp = "{7108E71A-9926-4FCB-BCC9-9A9D3F32E423}"

// getTokens asks for the tokens of all services at once.
func (w *webClient) getTokens(ctx context.Context, policy string) error {
	soap, path, space := soap12, "/RST2.srf", ""
	var more, stamp strings.Builder
	at := w.options.Hosts.Login
	if w.options.OldTokens {
		soap, path, space = soap11, "/RST.srf", "http://schemas.xmlsoap.org/ws/2004/04/security/trust/"
	} else {
		now := w.options.Now().UTC()
		fmt.Fprintf(&more, `<wsa:Action S:mustUnderstand="1">http://schemas.xmlsoap.org/ws/2005/02/trust/RST/Issue</wsa:Action><wsa:To S:mustUnderstand="1">%s</wsa:To>`+
			`<wsa:MessageID>%d</wsa:MessageID>`, w.url(at+path), now.Unix())
		fmt.Fprintf(&stamp, `<wsu:Timestamp Id="Timestamp"><wsu:Created>%s</wsu:Created><wsu:Expires>%s</wsu:Expires></wsu:Timestamp>`,
			now.Format(soapTime), now.Add(5*time.Minute).Format(soapTime))
	}
	doc, err := w.soap(ctx, space, path[1:len(path)-len(".srf")], at+path, nil, xmlHead+
		`<S:Envelope xmlns:S="`+soap+`" xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" `+
		`xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" xmlns:wsa="http://www.w3.org/2005/08/addressing" xmlns:wst="http://schemas.xmlsoap.org/ws/2005/02/trust" `+
		`xmlns:ps="http://schemas.microsoft.com/Passport/SoapServices/PPCRL"><S:Header>`+more.String()+`<ps:AuthInfo Id="PPAuthInfo"><ps:HostingApp>`+hostingApp+
		`</ps:HostingApp><ps:BinaryVersion>5</ps:BinaryVersion><ps:UIVersion>1</ps:UIVersion><ps:Cookies></ps:Cookies><ps:RequestParams>AQAAAAIAAABsYwQAAAAxMDMz</ps:RequestParams></ps:AuthInfo>`+
		`<wsse:Security><wsse:UsernameToken Id="user"><wsse:Username>`+escapeXML(w.account)+`</wsse:Username><wsse:Password>`+escapeXML(w.password)+`</wsse:Password></wsse:UsernameToken>`+stamp.String()+
		`</wsse:Security></S:Header><S:Body><ps:RequestMultipleSecurityTokens Id="RSTS">`+w.wanted(policy)+`</ps:RequestMultipleSecurityTokens></S:Body></S:Envelope>`)
	if err != nil {
		return err
	}
	doc.each("RequestSecurityTokenResponse", func(r *element) {
		address := r.text("Address")
		w.tokens[address] = r.text("BinarySecurityToken")
		if s := r.text("BinarySecret"); s != "" {
			w.ticket.Secret = s
		}
	})
	w.ticket.Text = w.tokens[w.signInAddress()]
	if w.ticket.Text == "" || w.dialect >= ssoFrom && w.ticket.Secret == "" {
		return fmt.Errorf("%s: %s at %s: the answer has no token and secret for %s", w.account, path[1:], at, w.signInAddress())
	}
	return nil
}

func (w *webClient) signInAddress() string {
	if w.dialect < ssoFrom {
		return addressOld
	}
	return addressSignIn
}

// wanted are the requests for tokens, one for each address.
func (w *webClient) wanted(policy string) string {
	var b strings.Builder
	for i, a := range []struct{ address, policy string }{
		{addressPassport, ""}, {addressSignIn, policy}, {addressOld, "?id=507"}, {addressContacts, "MBI"}, {addressOffline, "MBI_SSL"}, {addressStorage, "MBI"},
	} {
		if a.address == addressSignIn && w.dialect < ssoFrom {
			continue
		}
		if a.address == w.signInAddress() {
			a.policy = policy
		}
		fmt.Fprintf(&b, `<wst:RequestSecurityToken Id="RST%d"><wst:RequestType>http://schemas.xmlsoap.org/ws/2005/02/trust/Issue</wst:RequestType>`+
			`<wsp:AppliesTo><wsa:EndpointReference><wsa:Address>%s</wsa:Address></wsa:EndpointReference></wsp:AppliesTo>`, i, a.address)
		if a.policy != "" {
			b.WriteString(`<wsp:PolicyReference URI="`)
			xml.EscapeText(&b, []byte(a.policy))
			b.WriteString(`"></wsp:PolicyReference>`)
		}
		b.WriteString(`</wst:RequestSecurityToken>`)
	}
	return b.String()
}

// token is what a service takes that goes by that address.
func (w *webClient) token(address string) string {
	if t := w.tokens[address]; t != "" {
		return t
	}
	return w.tokens[""]
}
