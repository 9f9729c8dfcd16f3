package decode

import "bytes"

// unknownPayload returns the length of the payload of a command that the table does
// not have, or -1 if it seems to have none. Such a command has one if its line ends in
// a number, what follows is no command, and there is one, or nothing more, just so
// many bytes on. after is what has come behind the line.
func unknownPayload(line, after []byte) int {
	start := bytes.LastIndexByte(line, ' ') + 1
	n, ok := decimal(line[start:])
	if !ok || start < 5 || countTokens(line) < 3 || n == 0 || int64(len(after)) < n {
		return -1
	}
	if startsLine(after) == partial && (len(after) < 4 || lookup(after) != nil || isDigit(after[0])) {
		return -1
	}
	if rest := after[n:]; len(rest) > 0 && startsLine(rest) != partial {
		return -1
	}
	return int(n)
}
