package compare

import (
	"fmt"
	"testing"

	"msnproxy/decode"
)

// Of a message of a web service what counts is what the table has names for; an offline
// message is its text, whatever its headers say of dates and ids.
func TestWebFields(t *testing.T) {
	said := func(date, text string) string {
		body := "<Envelope><Body><GetMessageResponse><GetMessageResult>Date: " + date + "\n\n" + text + "</GetMessageResult></GetMessageResponse></Body></Envelope>"
		raw := fmt.Sprintf("HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s", date, len(body), body)
		var f decode.Framer
		var fr decode.Frame
		f.Feed([]byte(raw))
		if !f.Next(&fr) {
			t.Fatal("no frame")
		}
		var m decode.Message
		m.Decode(&fr, decode.Server, decode.WEB, 0)
		return fmt.Sprint(Fields(&m))
	}
	if a, b := said("1", "hello"), said("2", "hello"); a != b {
		t.Errorf("%s\n%s", a, b)
	}
	if a, b := said("1", "hello"), said("1", "bye"); a == b {
		t.Errorf("%s", a)
	}
}
