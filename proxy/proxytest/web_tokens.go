package proxytest

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The services that hand out what signs a client in.

// grant is whose a token is, and for which address; "" stands for all of them.
type grant struct {
	account *account
	address string
}

// Addresses that tokens are asked for.
const (
	addressPassport = "http://Passport.NET/tb"
	addressSignIn   = "messengerclear.live.com"
	addressOld      = "messenger.msn.com" // before MSNP15 that of the sign-in
	addressContacts = "contacts.msn.com"
	addressOffline  = "messengersecure.live.com"
	addressStorage  = "storage.msn.com"
)

var addresses = []string{addressPassport, addressSignIn, addressOld, addressContacts, addressOffline, addressStorage}

const (
	tokenLife = 8 * time.Hour
	// skewAllowed is how far the clocks of client and service may be apart.
	skewAllowed = 5 * time.Minute
	soapTime    = "2006-01-02T15:04:05Z"
)

// nexus answers GET /rdr/pprdr.asp with where tickets are to be had, in a header.
func (c *call) nexus() {
	if c.web.has(NoNexus) {
		c.status, c.document = http.StatusNotFound, "there is no such service\n"
		return
	}
	login := c.web.config.Hosts.Login
	c.header["PassportURLs"] = []string{"DARealm=Passport.Net,DALogin=" + login + "/login2.srf,DAReg=https://" + login +
		"/reg.srf,Properties=https://" + login + "/props.srf,Privacy=https://" + login + "/privacy.srf,GeneralRedir=https://" + login +
		"/redir.srf,Help=https://" + login + "/help.srf,ConfigVersion=15"}
	c.header.Set("Content-Type", "text/html")
}

// login2 answers GET /login2.srf: Authorization: Passport1.4 ..,sign-in=alice%40example.com,
// pwd=..,.. with Authentication-Info: Passport1.4 da-status=success,..,from-PP='t=..&p='.
func (c *call) login2() {
	c.header.Set("Content-Type", "text/html")
	if c.web.config.Moved && !strings.HasPrefix(strings.ToLower(c.URL.Path), "/ppsecure/") {
		c.status = http.StatusFound
		c.header.Set("Location", "https://"+c.web.config.Hosts.Login+"/ppsecure/login2.srf?lc=1033")
		c.header.Set("Authentication-Info", "Passport1.4 da-status=redir")
		return
	}
	said := map[string]string{}
	offer, ours := strings.CutPrefix(c.Header.Get("Authorization"), "Passport1.4 ")
	for part := range strings.SplitSeq(offer, ",") {
		name, value, _ := strings.Cut(part, "=")
		said[name], _ = url.PathUnescape(value)
	}
	a := c.web.server.accountOf(said["sign-in"])
	if !ours || a == nil || a.password != said["pwd"] {
		c.status, c.document = http.StatusUnauthorized, "signing in has failed\n"
		c.header.Set("WWW-Authenticate", "Passport1.4 da-status=failed,srealm=Passport.NET,ts=-3,prompt,cburl=http://"+c.web.config.Hosts.Login+
			"/cb.srf,cbtxt=Type%20your%20e-mail%20address%20and%20password%20correctly.")
		return
	}
	token := c.web.issue(a, addressOld, addressOld)
	c.web.issued[token] = grant{account: a}
	c.header.Set("Authentication-Info", "Passport1.4 da-status=success,tname=MSPAuth,tname=MSPProf,tname=MSPSec,from-PP='"+token+"',ru=http://messenger.example.com")
}

// issue makes the token of an account for an address. That of the sign-in is the one that
// the MSNP server takes.
func (w *Web) issue(a *account, address, signIn string) string {
	token := fmt.Sprintf("t=web%x&p=", sha1.Sum([]byte(strings.ToLower(a.handle)+"\n"+a.password+"\n"+address)))
	if address == signIn && !w.has(WrongToken) {
		token = TicketFor(a.handle, a.password).Text
	}
	w.issued[token] = grant{a, address}
	return token
}

// secret is the BinarySecret that comes with the token of the sign-in.
func (w *Web) secret(a *account) string {
	secret := TicketFor(a.handle, a.password).Secret
	if w.has(WrongSecret) {
		raw, _ := base64.StdEncoding.DecodeString(secret)
		slices.Reverse(raw)
		secret = base64.StdEncoding.EncodeToString(raw)
	}
	return secret
}

// ownerOf returns whose token that is, nil if it was not handed out for one of the
// addresses.
func (w *Web) ownerOf(token string, addresses ...string) *account {
	g := w.issued[token]
	if g.account == nil || g.address != "" && !slices.Contains(addresses, g.address) {
		return nil
	}
	return g.account
}

// tokens answers POST /RST.srf and /RST2.srf: tokens for as many addresses as are asked
// for, or a fault.
func (c *call) tokens() {
	wanted := c.doc.all("RequestSecurityToken")
	a := c.web.server.accountOf(c.doc.text("Username"))
	switch {
	case len(wanted) == 0 || len(wanted) > 2*len(addresses):
		c.tokenFault("wst:InvalidRequest", "0x80045b03", "Invalid Request")
		return
	case !c.timely():
		c.tokenFault("wst:InvalidTimeRange", "0x80048838", "The request is of another time: compare the clocks")
		return
	case a == nil || c.doc.text("Password") != a.password:
		c.tokenFault("wsse:FailedAuthentication", "0x80048821", "Authentication Failure")
		return
	}
	signIn := addressOld
	for _, r := range wanted {
		if r.text("Address") == addressSignIn {
			signIn = addressSignIn
		}
	}
	var b strings.Builder
	for i, r := range wanted {
		address := r.text("Address")
		if !slices.Contains(addresses, address) {
			c.tokenFault("wst:InvalidScope", "0x80048823", "Nothing is known of "+address)
			return
		}
		c.token(&b, a, address, signIn, i)
	}
	pp := c.passport("0x48803", "0x0", `<psf:credProperties><psf:credProperty Name="MainBrandID">MSFT</psf:credProperty><psf:credProperty Name="AuthMembername">`+
		escapeXML(a.handle)+`</psf:credProperty></psf:credProperties>`)
	c.answer(http.StatusOK, c.tokenEnvelope(pp, `<wst:RequestSecurityTokenResponseCollection xmlns:wst="http://schemas.xmlsoap.org/ws/2004/04/trust" `+
		`xmlns:wsse="http://schemas.xmlsoap.org/ws/2003/06/secext" xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" `+
		`xmlns:wsp="http://schemas.xmlsoap.org/ws/2002/12/policy" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/03/addressing">`+
		b.String()+`</wst:RequestSecurityTokenResponseCollection>`))
}

// timely reports whether the request says that it is of now. RST.srf does not ask.
func (c *call) timely() bool {
	if !c.newer() {
		return true
	}
	from, err := time.Parse(soapTime, c.doc.text("Created"))
	to, err2 := time.Parse(soapTime, c.doc.text("Expires"))
	now := c.web.now()
	return err == nil && err2 == nil && !now.Before(from.Add(-skewAllowed)) && !now.After(to.Add(skewAllowed))
}

// token writes the answer for one address.
func (c *call) token(b *strings.Builder, a *account, address, signIn string, i int) {
	now := c.web.now().UTC()
	fmt.Fprintf(b, `<wst:RequestSecurityTokenResponse><wst:TokenType>%s</wst:TokenType>`+
		`<wsp:AppliesTo><wsa:EndpointReference><wsa:Address>%s</wsa:Address></wsa:EndpointReference></wsp:AppliesTo>`+
		`<wst:LifeTime><wsu:Created>%s</wsu:Created><wsu:Expires>%s</wsu:Expires></wst:LifeTime><wst:RequestedSecurityToken>`,
		map[bool]string{true: "urn:passport:legacy", false: "urn:passport:compact"}[address == addressPassport],
		escapeXML(address), now.Format(soapTime), now.Add(tokenLife).Format(soapTime))
	token := c.web.issue(a, address, signIn)
	if address == addressPassport {
		fmt.Fprintf(b, `<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#" Id="BinaryDAToken%d" Type="http://www.w3.org/2001/04/xmlenc#Element">`+
			`<EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#tripledes-cbc"></EncryptionMethod>`+
			`<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyName>http://Passport.NET/STS</ds:KeyName></ds:KeyInfo>`+
			`<CipherData><CipherValue>%s</CipherValue></CipherData></EncryptedData>`, i, base64.StdEncoding.EncodeToString([]byte(token)))
	} else {
		fmt.Fprintf(b, `<wsse:BinarySecurityToken Id="Compact%d">%s</wsse:BinarySecurityToken>`, i, escapeXML(token))
	}
	b.WriteString(`</wst:RequestedSecurityToken>`)
	if address == addressSignIn {
		fmt.Fprintf(b, `<wst:RequestedProofToken><wst:BinarySecret>%s</wst:BinarySecret></wst:RequestedProofToken>`, c.web.secret(a))
	}
	b.WriteString(`</wst:RequestSecurityTokenResponse>`)
}

// tokenFault says why there are no tokens, each of the two services in its form.
func (c *call) tokenFault(code, number, text string) {
	pp := c.passport("0x80048800", number, "")
	if !c.newer() {
		c.answer(http.StatusOK, c.tokenEnvelope(pp, "<S:Fault><faultcode>"+code+"</faultcode><faultstring>"+escapeXML(text)+"</faultstring></S:Fault>"))
		return
	}
	c.answer(http.StatusOK, c.tokenEnvelope(pp, "<S:Fault><S:Code><S:Value>S:Sender</S:Value><S:Subcode><S:Value>"+code+
		`</S:Value></S:Subcode></S:Code><S:Reason><S:Text xml:lang="en-US">`+escapeXML(text)+"</S:Text></S:Reason><S:Detail><psf:error><psf:value>"+number+
		"</psf:value><psf:internalerror><psf:code>"+number+"</psf:code><psf:text>"+escapeXML(text)+"</psf:text></psf:internalerror></psf:error></S:Detail></S:Fault>"))
}

// newer reports whether the request went to RST2.srf.
func (c *call) newer() bool { return strings.EqualFold(c.URL.Path, "/RST2.srf") }

const passportFault = "http://schemas.microsoft.com/Passport/SoapServices/SOAPFault"

// passport is the header that says how a sign-in stands.
func (c *call) passport(state, status, rest string) string {
	return `<psf:pp xmlns:psf="` + passportFault + `"><psf:serverVersion>1</psf:serverVersion><psf:authstate>` + state + `</psf:authstate><psf:reqstatus>` + status +
		`</psf:reqstatus><psf:serverInfo Path="Live1" RollingUpgradeState="ExclusiveNew" LocVersion="0" ServerTime="` + c.web.now().UTC().Format(soapTime) + `">proxytest</psf:serverInfo>` + rest + `</psf:pp>`
}

func (c *call) tokenEnvelope(header, body string) string {
	soap := soap11
	if c.newer() {
		soap = soap12
	}
	return xmlHead + `<S:Envelope xmlns:S="` + soap + `" xmlns:wsse="http://schemas.xmlsoap.org/ws/2003/06/secext" xmlns:wst="http://schemas.xmlsoap.org/ws/2004/04/trust" xmlns:psf="` + passportFault + `"><S:Header>` +
		header + `</S:Header><S:Body>` + body + `</S:Body></S:Envelope>`
}
