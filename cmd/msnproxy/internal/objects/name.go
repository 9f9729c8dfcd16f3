// Package objects shows transfers, and keeps what they transferred: tables, JSON, files
// under names that are safe, pictures drawn with characters.
package objects

import (
	"fmt"
	"strings"
	"unicode"

	"msnproxy/decode/transfer"
)

// maxName is how many bytes of a transfer's own name are in the name of its file.
const maxName = 80

// FileName is what the file with a transfer's content is called: its number, what of its
// name is harmless, and the extension that its first bytes give it, whatever the name
// says. It holds no separator, no blank, no dot in front, nothing but letters, digits
// and ._-, and is no longer than 100 bytes.
func FileName(t *transfer.Transfer, head []byte) string {
	_, ext := transfer.TypeOf(head)
	base := harmless(t.Name)
	if base == "" {
		base = harmless(t.Kind)
	}
	if !strings.EqualFold(extension(base), ext) && !(ext == "jpg" && strings.EqualFold(extension(base), "jpeg")) {
		base += "." + ext
	}
	return fmt.Sprintf("%03d-%s", t.Number, base)
}

func extension(name string) string {
	i := strings.LastIndexByte(name, '.')
	return name[i+1:]
}

// harmless returns what of a name may stand in the name of a file.
func harmless(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:] // some send whole paths
	var sb strings.Builder
	for _, r := range name {
		if sb.Len() >= maxName {
			break
		}
		switch {
		case r == '.' || r == '-' || r == '_', r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)),
			r > unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			sb.WriteRune(r)
		default:
			sb.WriteByte('_')
		}
	}
	return strings.Trim(sb.String(), "._-")
}
