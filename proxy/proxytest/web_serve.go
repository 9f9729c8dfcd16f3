package proxytest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// serve answers one request.
func (w *Web) serve(to http.ResponseWriter, r *http.Request) {
	to.Header().Set("Date", w.now().UTC().Format(http.TimeFormat))
	to.Header().Set("Server", "proxytest")
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWebBody+1))
	if err != nil || len(body) > maxWebBody {
		http.Error(to, "the body can't be read, or is too long", http.StatusRequestEntityTooLarge)
		return
	}
	answer, known := webServices[strings.ToLower(r.URL.Path)]
	switch {
	case w.has(ServerErrors):
		http.Error(to, "out of order", http.StatusInternalServerError)
		return
	case !known:
		http.Error(to, "there is no such service", http.StatusNotFound)
		return
	}
	c := &call{web: w, Request: r, header: to.Header(), status: http.StatusOK}
	if len(body) > 0 {
		c.doc, _ = parseXML(body)
	}
	w.server.mu.Lock()
	answer(c)
	w.server.mu.Unlock()
	if w.config.Packed && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		c.pack(to)
		return
	}
	to.Header().Set("Content-Length", fmt.Sprint(len(c.document)))
	to.WriteHeader(c.status)
	io.WriteString(to, c.document)
}

// pack sends the answer compressed, and in chunks.
func (c *call) pack(to http.ResponseWriter) {
	to.Header().Set("Content-Encoding", "gzip")
	to.WriteHeader(c.status)
	z := gzip.NewWriter(to)
	for half := range slices.Chunk([]byte(c.document), len(c.document)/2+1) {
		z.Write(half)
		z.Flush()
		to.(http.Flusher).Flush()
	}
	z.Close()
}

// action is what a SOAP request is about: the last word of SOAPAction, which is quoted, else
// the first element in the body.
func (c *call) action() string {
	if a := strings.Trim(c.Header.Get("SOAPAction"), `"`); a != "" {
		return a[strings.LastIndexByte(a, '/')+1:]
	}
	if body := c.doc.find("Body"); body != nil && len(body.Inner) > 0 {
		return body.Inner[0].XMLName.Local
	}
	return ""
}

// Namespaces of SOAP.
const (
	soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12 = "http://www.w3.org/2003/05/soap-envelope"
)

const xmlHead = `<?xml version="1.0" encoding="utf-8"?>`

// envelope writes a message of SOAP 1.1. An empty header is left out.
func envelope(header, body string) string {
	if header != "" {
		header = "<soap:Header>" + header + "</soap:Header>"
	}
	return xmlHead + `<soap:Envelope xmlns:soap="` + soap11 + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">` +
		header + "<soap:Body>" + body + "</soap:Body></soap:Envelope>"
}

// answer sends XML.
func (c *call) answer(status int, document string) {
	c.header.Set("Content-Type", "text/xml; charset=utf-8")
	c.status, c.document = status, document
}

// fault sends a fault of SOAP 1.1, as services on ASP.NET do.
func (c *call) fault(code, text, detail string) {
	c.answer(http.StatusInternalServerError, envelope("", "<soap:Fault><faultcode>"+code+"</faultcode><faultstring>"+escapeXML(text)+
		"</faultstring><detail>"+detail+"</detail></soap:Fault>"))
}

// unasked says that the service has no such action.
func (c *call) unasked() {
	c.fault("soap:Client", "Server did not recognize the value of HTTP Header SOAPAction: "+c.Header.Get("SOAPAction")+".", "")
}
