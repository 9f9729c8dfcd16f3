package proxytest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"strings"

	"msnproxy/decode/challenge"
)

// Waiting is an offline message that waits to be fetched.
type Waiting struct{ ID, From string }

// Settings asks for the client's settings (MsgrConfig), XML.
func (c *Client) Settings(ctx context.Context) (string, error) {
	if c.web == nil {
		return "", errNoWeb
	}
	doc, err := c.web.soap(ctx, configSpace+"/", "GetClientConfig", c.web.options.Hosts.Config+"/Config/MsgrConfig.asmx", nil,
		envelope("", `<GetClientConfig xmlns="`+configSpace+`"><clientinfo><Country>US</Country><CLCID>0409</CLCID><PLCID>0409</PLCID><GeoID>244</GeoID></clientinfo></GetClientConfig>`))
	return doc.text("GetClientConfigResult"), err
}

// runID names the run of the client in its offline messages, which it numbers.
const runID = "{3A3BE82C-684D-4F4F-8005-CBE8D4F82BAD}"

// StoreOffline leaves a message for somebody who is not signed in. If the service wants a
// lock key it is computed, and the message stored again.
func (c *Client) StoreOffline(ctx context.Context, to, text string) error {
	if c.web == nil {
		return errNoWeb
	}
	w := c.web
	w.sent++
	err := w.store(ctx, to, text)
	var failed *WebError
	if !errors.As(err, &failed) || failed.Challenge == "" {
		return err
	}
	key, known := challenge.Respond(w.product, failed.Challenge)
	if !known {
		return fmt.Errorf("%s: Store: no key for the product %q", w.account, w.product)
	}
	w.lockKey = key
	return w.store(ctx, to, text)
}

func (w *webClient) store(ctx context.Context, to, text string) error {
	space, action := oimStoreNew, "Store2"
	if w.dialect < ssoFrom {
		space, action = oimStore, "Store"
	}
	name := "=?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte(strings.ToUpper(w.account[:1])+w.account[1:strings.IndexByte(w.account, '@')])) + "?="
	content := fmt.Sprintf("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\nX-OIM-Message-Type: OfflineMessage\r\nX-OIM-Run-Id: %s\r\nX-OIM-Sequence-Num: %d\r\n\r\n%s",
		runID, w.sent, base64.StdEncoding.EncodeToString([]byte(text)))
	_, err := w.soap(ctx, space, action, w.options.Hosts.OIMWrite+"/OimWS/oim.asmx", nil, envelope(
		`<From memberName="`+escapeXML(w.account)+`" friendlyName="`+name+`" xml:lang="en-US" proxy="MSNMSGR" xmlns="`+strings.TrimSuffix(space, "/")+`/" msnpVer="`+w.version+`" buildVer="8.5.1302" />`+
			`<To memberName="`+escapeXML(to)+`" xmlns="`+space+`" /><Ticket passport="`+escapeXML(w.token(addressOffline))+`" appid="`+escapeXML(w.product)+`" lockkey="`+w.lockKey+`" xmlns="`+space+`" />`+
			`<Sequence xmlns="http://schemas.xmlsoap.org/ws/2003/03/rm"><Identifier xmlns="http://schemas.xmlsoap.org/ws/2002/07/utility">http://messenger.msn.com</Identifier><MessageNumber>`+fmt.Sprint(w.sent)+`</MessageNumber></Sequence>`,
		`<MessageType xmlns="`+space+`">text</MessageType><Content xmlns="`+space+`">`+escapeXML(content)+`</Content>`))
	return err
}

// oimAsk asks rsi.asmx.
func (w *webClient) oimAsk(ctx context.Context, action, what string) (*element, error) {
	token := w.token(addressOld)
	return w.soap(ctx, oimRead+"/", action, w.options.Hosts.OIMRead+"/rsi/rsi.asmx", http.Header{}, envelope(
		`<PassportCookie xmlns="`+oimRead+`"><t>`+escapeXML(between(token, "t=", "&p="))+`</t><p>`+escapeXML(between(token, "&p=", "\x00"))+`</p></PassportCookie>`,
		`<`+action+` xmlns="`+oimRead+`">`+what+`</`+action+`>`))
}

// OfflineMessages asks which messages wait.
func (c *Client) OfflineMessages(ctx context.Context) (list []Waiting, err error) {
	if c.web == nil {
		return nil, errNoWeb
	}
	doc, err := c.web.oimAsk(ctx, "GetMetadata", "")
	doc.each("M", func(m *element) { list = append(list, Waiting{ID: m.text("I"), From: m.text("E")}) })
	return list, err
}

// FetchOffline fetches the text of a message. It stays where it is.
func (c *Client) FetchOffline(ctx context.Context, id string) (text string, err error) {
	if c.web == nil {
		return "", errNoWeb
	}
	doc, err := c.web.oimAsk(ctx, "GetMessage", `<messageId>`+escapeXML(id)+`</messageId><alsoMarkAsRead>false</alsoMarkAsRead>`)
	if err != nil {
		return "", err
	}
	m, err := mail.ReadMessage(strings.NewReader(doc.find("GetMessageResult").raw()))
	if err == nil {
		var b []byte
		b, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
		text = string(b)
	}
	if err != nil {
		return "", fmt.Errorf("%s: GetMessage: the message can't be read: %w", c.web.account, err)
	}
	return text, nil
}

// DeleteOffline deletes messages.
func (c *Client) DeleteOffline(ctx context.Context, ids ...string) error {
	if c.web == nil {
		return errNoWeb
	}
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(`<messageId>` + escapeXML(id) + `</messageId>`)
	}
	_, err := c.web.oimAsk(ctx, "DeleteMessages", `<messageIds>`+b.String()+`</messageIds>`)
	return err
}
