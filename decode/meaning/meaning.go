package meaning

import (
	"strconv"
	"strings"
)

// List bits, as LST (MSNP8), ADL and RML (MSNP13) have them.
var listBits = []Bit{{1, "FL"}, {2, "AL"}, {4, "BL"}, {8, "RL"}, {16, "PL"}, {32, "application contact"}, {64, "hidden"}}

// Lists names the lists of a bit field, parted by blanks: "FL AL RL" of 11. It is "" for
// what is no number, and "no list" for 0.
func Lists(v string) string { return bits(v, listBits, " ", "no list") }

// refreshBits are those of RFS (MSNP13).
var refreshBits = []Bit{{1, "lists"}, {2, "status and personal message"}}

// Refresh says what RFS asks for again.
func Refresh(v string) string { return bits(v, refreshBits, ", ", "nothing") }

// bits names the bits of a decimal number, parted by sep.
func bits(v string, names []Bit, sep, none string) string {
	n, err := strconv.ParseUint(v, 10, 32)
	if err != nil {
		return ""
	}
	if n == 0 {
		return none
	}
	var words []string
	for _, b := range names {
		if uint32(n)&b.Value != 0 {
			words = append(words, b.Name)
			n &^= uint64(b.Value)
		}
	}
	if n != 0 {
		words = append(words, "0x"+strconv.FormatUint(n, 16))
	}
	return strings.Join(words, sep)
}

var networks = map[string]string{
	"1": "Messenger", "2": "Office Communicator", "4": "telephone", "8": "mobile network", "9": "circle",
	"10": "temporary group", "11": "CID", "13": "Facebook", "14": "remote network", "16": "mail", "19": "thread (MSNP24)",
	"32": "Yahoo",
}

// Network says which network a number stands for (MSNP12 and later).
func Network(v string) string { return networks[v] }

var statuses = map[string]string{
	"NLN": "online", "BSY": "busy", "IDL": "idle", "BRB": "be right back",
	"AWY": "away", "PHN": "on the phone", "LUN": "out to lunch",
	"HDN": "appear offline", "FLN": "offline",
}

// unseen are the statuses in which contacts take an account for offline.
var unseen = map[string]bool{"HDN": true, "FLN": true}

// Unseen reports whether contacts see nothing of an account with that status.
func Unseen(v string) bool { return unseen[v] }

// Status says what the three letters of a status mean, or nothing.
func Status(v string) string { return statuses[v] }

var clientTypes = map[string]string{"1": "computer", "2": "web", "3": "mobile", "4": "Xbox"}

// ClientType says what kind of client an end point is (MSNP16).
func ClientType(v string) string { return clientTypes[v] }

var notes = map[string]string{
	"1": "shared folder", "2": "call by SIP", "3": "P2P set-up (MSNSLP)", "4": "sign out one end point",
	"5": "conversation window closed elsewhere", "6": "read the address book or lists again", "7": "clear prompts of the reverse list (not certain)",
	"8": "to all end points; sign out everywhere", "9": "reserved", "10": "TURN set-up", "11": "facts about a call", "12": "call by tunnelled SIP",
}

// Note says what the type of UUN and UBN means (MSNP13).
func Note(v string) string { return notes[v] }

var messageTypes = map[string]string{"1": "text", "2": "typing", "3": "nudge"}

// MessageType says what the type of UUM and UBM means (MSNP14).
func MessageType(v string) string { return messageTypes[v] }

var pagedDevices = map[string]string{"1": "mobile phone", "2": "MSN Direct device"}

// PagedDevice says which device PGD pages (MSNP9).
func PagedDevice(v string) string { return pagedDevices[v] }

// ways are how XFR says to get to a server (MSNP13); no source is certain of it.
var ways = map[string]string{"U": "directly", "G": "through the HTTP gateway"}

// Way says how the client is to get to the server that XFR names.
func Way(v string) string { return ways[v] }

// Namespaced reports whether v is a namespace of MSNP24: CON or MSGR, and what may follow
// after a backslash.
func Namespaced(v string) bool {
	name, _, _ := strings.Cut(v, `\`)
	return name == "CON" || name == "MSGR"
}

// MediaPiece is one piece of CurrentMedia, by name. At is where it stands in that.
type MediaPiece struct {
	Name, Value string
	At          int
}

// mediaNames are the pieces of CurrentMedia in order; those after them are what the
// format refers to.
var mediaNames = []string{"application", "kind", "enabled", "format"}

// musicNames are what they are where the kind is Music, as far as it is known.
var musicNames = []string{"title", "artist", "album", "content id"}

// Media takes CurrentMedia apart, which is parted by a backslash and a zero (MSNP11); "" is
// nothing. {0}, {1} of the format are the pieces behind it; line is the text that they make
// together, "" if nothing is shown.
func Media(v string) (pieces []MediaPiece, line string) {
	const most = 32
	if v == "" {
		return nil, ""
	}
	values := strings.SplitN(v, `\0`, most)
	music := len(values) > 1 && values[1] == "Music"
	at := 0
	for i, s := range values {
		from := at
		at += len(s) + len(`\0`)
		name := "argument " + strconv.Itoa(i-len(mediaNames))
		switch arg := i - len(mediaNames); {
		case arg < 0:
			name = mediaNames[i]
		case s == "":
			continue // the separator stands after each, and often several times
		case music && arg < len(musicNames):
			name = musicNames[arg]
		}
		pieces = append(pieces, MediaPiece{name, s, from})
	}
	if len(values) <= len(mediaNames) || values[2] != "1" {
		return pieces, ""
	}
	var places []string
	for i, s := range values[len(mediaNames):] {
		places = append(places, "{"+strconv.Itoa(i)+"}", s)
	}
	return pieces, strings.NewReplacer(places...).Replace(values[3])
}
