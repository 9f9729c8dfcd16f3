package capture

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"msnproxy/decode"
)

// The lines that say what happened: see the package's documentation.
const (
	lineOpens            = "Client opens a connection"
	lineHas              = "Client has a connection"
	lineTo               = " to "
	lineClientFinishes   = "Client finishes sending"
	lineServerFinishes   = "Server finishes sending"
	lineClientCloses     = "Client disconnects from server"
	lineServerCloses     = "Server disconnects client"
	lineClientResets     = "Client resets the connection"
	lineServerResets     = "Server resets the connection"
	lineEnds             = "The connection ends"
	lineConnection       = "Connection "
	remarkPrefix         = "# "
	markInjected         = "the proxy made this:"
	markWithheld         = "the proxy withheld this:"
	markHeld             = "the proxy held this:"
	markGap              = "what this lacks, the recording lacks:"
	markLine             = "its length does not fit in line "
	markOmitted          = "its payload is not shown in line "
	lineEnd              = " of the text that it was read from:"
	maxTranscriptLine    = 8 << 20
	maxTranscriptNumbers = 1 << 20
	escapedWidth         = 72 // bytes of a frame on an escaped line
)

// The second byte of a line that holds a frame says how it is written.
const (
	markPlain    = ':'
	markEscaped  = '='
	markBlock    = '#'
	markOpaque   = '?'
	markContinue = '+'
)

// frameLine parts a line that holds a frame, or a part of one, into its sender,
// its mark and the rest. ok is false if it is no such line.
func frameLine(line []byte) (from decode.Sender, mark byte, rest []byte, ok bool) {
	if len(line) < 2 {
		return 0, 0, nil, false
	}
	switch line[0] {
	case 'C':
		from = decode.Client
	case 'S':
		from = decode.Server
	default:
		return 0, 0, nil, false
	}
	switch mark = line[1]; mark {
	case markPlain, markEscaped, markBlock, markOpaque, markContinue:
	default:
		return 0, 0, nil, false
	}
	if len(line) == 2 {
		return from, mark, nil, true
	}
	return from, mark, line[3:], line[2] == ' '
}

// isTranscript reports whether text has a line with a frame, or one that opens a
// connection.
func isTranscript(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for len(head) > 0 {
		line, rest, _ := bytes.Cut(head, []byte{'\n'})
		if _, mark, _, ok := frameLine(line); ok && mark != markContinue {
			return true
		}
		if bytes.HasPrefix(line, []byte(lineOpens)) || bytes.HasPrefix(line, []byte(lineHas)) {
			return true
		}
		head = rest
	}
	return false
}

// missingLine is the line that says that bytes are missing; n < 0: no one knows
// how many.
func missingLine(from decode.Sender, n int64) string {
	switch {
	case n < 0:
		return fmt.Sprintf("Bytes of the %s are missing", from)
	case n == 1:
		return fmt.Sprintf("1 byte of the %s is missing", from)
	}
	return fmt.Sprintf("%d bytes of the %s are missing", n, from)
}

// parseMissing reads what missingLine has written.
func parseMissing(line string) (from decode.Sender, n int64, ok bool) {
	number, rest, _ := strings.Cut(line, " ")
	if number == "Bytes" {
		n = -1
	} else {
		var err error
		if n, err = strconv.ParseInt(number, 10, 64); err != nil || n < 0 {
			return 0, 0, false
		}
		_, rest, _ = strings.Cut(rest, " ")
	}
	switch {
	case strings.HasPrefix(rest, "of the client "):
		from = decode.Client
	case strings.HasPrefix(rest, "of the server "):
		from = decode.Server
	}
	return from, n, from != 0 && missingLine(from, n) == line
}
