package payload

import (
	"encoding/base64"
	"mime/quotedprintable"
	"strings"
)

// Note822 returns the text of an offline message: headers, an empty line and a body, which
// may be encoded; and who it is from. Both are empty where it is no such message.
func Note822(b []byte) (text, from string) {
	s := strings.ReplaceAll(valid(b), "\r\n", "\n")
	head, body, found := strings.Cut(strings.TrimLeft(s, "\n"), "\n\n")
	if !found || !strings.Contains(head, ":") {
		return "", ""
	}
	encoding := ""
	for line := range strings.SplitSeq(head, "\n") {
		name, value, _ := strings.Cut(line, ":")
		switch value = strings.TrimSpace(value); strings.ToLower(strings.TrimSpace(name)) {
		case "content-transfer-encoding":
			encoding = strings.ToLower(value)
		case "from":
			from = value
		}
	}
	switch encoding {
	case "base64":
		raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
		if err != nil {
			return "", from
		}
		body = valid(raw)
	case "quoted-printable":
		var out strings.Builder
		buf := make([]byte, 4<<10)
		for r := quotedprintable.NewReader(strings.NewReader(body)); ; {
			n, err := r.Read(buf)
			out.Write(buf[:n])
			if err != nil {
				break
			}
		}
		body = strings.ToValidUTF8(out.String(), "\ufffd")
	}
	return strings.TrimRight(body, "\n"), from
}
