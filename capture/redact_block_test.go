package capture

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"msnproxy/decode/payload"
)

// Lines that are no headers are redacted with All; else they stay, but for tickets in
// them. Lengths fit what is there then.
func TestRedactBlocks(t *testing.T) {
	const (
		word   = `[a-z]{3,8}`
		line   = "bob@example.com Secretname 203.0.113.77"
		gone   = `person1@example\.net ` + word + ` 192\.0\.2\.1`
		routed = "Routing: 1.0\r\n"
		rest   = "\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\n"
		ticket = "t=0123456789abcdefghij"
		stub   = `t=REDACTED[0-9a-f]{12}`
	)
	many := strings.Repeat("Chunk: 1\r\n", payload.MaxHeaders)
	for _, test := range []struct {
		command, body, want, secrets string // "": the body
	}{
		{"MSG a@example.com A", "MIME-Version: 1.0\r\n" + line + "\r\nContent-Type: text/plain\r\n\r\nhi", "MIME-Version: 1.0\r\n" + gone + "\r\nContent-Type: text/plain\r\n\r\n" + word, ""},
		{"MSG a@example.com A", line, gone, ""},
		{"MSG a@example.com A", "sid\r\nsid:\r\n\r\n", word + "\r\nsid:\r\n\r\n", ""},
		{"MSG a@example.com A", "1%3Abob@example.com\r\n", word + "\r\n", ""},
		{"MSG a@example.com A", ticket, word, stub},
		{"MSG a@example.com A", "Bob Smith: 1\r\n203.0.113.77: 1\r\n", word + " " + word + `: \d{5}` + "\r\n" + `192\.0\.2\.1: \d{5}` + "\r\n", ""},
		{"MSG a@example.com A", many + "Sid: 1bob\r\nBob: Bob " + ticket + "\r\n" + line, many + "Sid: REDACTED[0-9a-f]{12}\r\nBob: " + word + " " + word + "\r\n" + gone, many + "Sid: REDACTED[0-9a-f]{12}\r\nBob: Bob " + stub + "\r\n" + line},
		{"MSG a@example.com A", "Content-Type: text/x-msnmsgr-datacast\r\n\r\n" + line + "\r\n", "Content-Type: text/x-msnmsgr-datacast\r\n\r\n" + gone + "\r\n", ""},
		{"MSG a@example.com A", "Content-Type: text/x-msnmsgr-datacast\r\n\r\nID: 1\r\n\r\n" + line, "Content-Type: text/x-msnmsgr-datacast\r\n\r\nID: 1\r\n\r\n" + gone, ""},
		{"SDG 0", routed + line + "\r\n" + rest + "Message-Type: Text\r\nContent-Length: 2\r\n\r\nhi", routed + gone + "\r\n" + rest + `Message-Type: Text\r\nContent-Length: \d\r\n\r\n` + word, ""},
		{"SDG 0", routed + rest + "Message-Type: Nudge\r\nContent-Length: 41\r\n\r\n\r\n" + line, routed + rest + `Message-Type: Nudge\r\nContent-Length: \d\d\r\n\r\n\r\n` + gone, ""},
		{"SDG 0", line, gone, ""},
		{"PUT 55 OK", line, gone, ""},
		{"C: GET 87 a@example.com", line, gone, ""},
	} {
		for _, all := range []bool{true, false} {
			red, err := NewRedactor(all)
			if err != nil {
				t.Fatal(err)
			}
			red.person("bob@example.com")
			got := redactLine(red, fmt.Sprintf("%s %d\r\n%s", test.command, len(test.body), test.body)+"\r\n")
			head, body, _ := strings.Cut(got, "\r\n")
			want := test.want
			if !all {
				if want = test.secrets; want == "" {
					want = regexp.QuoteMeta(test.body)
				}
			}
			body += "\r\n" // what redactLine cuts off
			want = "^" + strings.TrimSuffix(want, "\r\n") + "(\r\n)+$"
			if !regexp.MustCompile(want).MatchString(body) {
				t.Errorf("all %v: %.200q became %.200q", all, test.body, body)
			}
			length := len(strings.TrimSuffix(body, "\r\n"))
			if strings.HasSuffix(test.body, "\r\n") {
				length = len(body)
				for strings.HasSuffix(body[:length], "\r\n\r\n") && !strings.HasSuffix(test.body, "\r\n\r\n") {
					length -= 2
				}
			}
			if !strings.HasSuffix(head, fmt.Sprintf(" %d", length)) {
				t.Errorf("all %v: %q before %.200q of %d bytes", all, head, body, length)
			}
			for _, p := range payload.Decode(payload.MIME, []byte(body[:length])).Problems {
				if strings.Contains(p, "Content-Length") {
					t.Errorf("all %v: %s", all, p)
				}
			}
		}
	}
}

// Pictures of a message become what stands for them in lines, which is no fault.
func TestRedactEmoticons(t *testing.T) {
	red, err := NewRedactor(true)
	if err != nil {
		t.Fatal(err)
	}
	const object = `<msnobj Creator="bob@example.com" Size="1" Type="3" Location="0" Friendly="AAA=" SHA1D="EfatjsUqKYSrqv18O1FlA3hcIHI="/>`
	redacted := regexp.QuoteMeta(strings.Replace(object, "bob@example.com", "person1@example.net", 1)) // SHA1D is that of one x
	for _, test := range []struct{ headers, body, want string }{
		{"Content-Type: text/x-mms-emoticon\r\n\r\n", ":a\t" + object + "\tbob\t" + object + "\t", "[a-z]+\t" + redacted + "\t[a-z]+\t" + redacted + "\t"},
		{"Content-Type: text/x-mms-emoticon\r\n\r\n", ":a\tbob bob\t", "[a-z]+\t[a-z]+ [a-z]+\t"},
		{"Routing: 1.0\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: CustomEmoticon\r\n\r\n", ":a\t" + object + "\t", "[a-z]+\t" + redacted + "\t"},
	} {
		raw := test.headers + test.body
		command := "MSG a@example.com A"
		if strings.HasPrefix(raw, "Routing") {
			command = "SDG 0"
		}
		_, got, _ := strings.Cut(redactLine(red, fmt.Sprintf("%s %d\r\n%s", command, len(raw), raw)), "\r\n")
		_, body, _ := strings.Cut(got, strings.TrimRight(test.headers, "\r\n")+"\r\n\r\n")
		if !regexp.MustCompile("^" + test.want + "$").MatchString(body) {
			t.Errorf("%q became %q", raw, got)
		}
		if p := payload.Decode(payload.MIME, []byte(got)); len(p.Problems) > 0 && strings.Contains(test.body, object) {
			t.Errorf("%q: %v", got, p.Problems)
		}
	}
}
