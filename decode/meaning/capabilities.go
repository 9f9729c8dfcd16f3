// Package meaning says what the numbers of the protocol stand for, where several
// floors of the house ask: in a command line, in the XML of a payload, in explain.
// It imports nothing of this module.
package meaning

import (
	"fmt"
	"strconv"
	"strings"
)

// Bit is one bit of a field, with its name.
type Bit struct {
	Value uint32
	Name  string
}

// Ability is one thing that a client says it can do.
type Ability struct {
	Bit
	// Extended: it stands in the second half of a pair (MSNP16 and later).
	Extended bool
}

// capabilities are the bits of the capability number, or of the first half of a pair.
// What the four highest bits say is a number: see generations.
var capabilities = []Bit{
	{0x1, "online by a mobile device"},
	{0x2, "MSN Explorer"},
	{0x4, "ink as GIF"},
	{0x8, "ink as ISF"},
	{0x10, "webcam"},
	{0x20, "messages in pieces"},
	{0x40, "mobile device can be paged"},
	{0x80, "MSN Direct device"},
	{0x100, "activities"},
	{0x200, "web client"},
	{0x400, "mobile device (not certain)"},
	{0x800, "Office client or federated"},
	{0x1000, "has a space"},
	{0x2000, "Media Center"},
	{0x4000, "direct IM"},
	{0x8000, "winks"},
	{0x10000, "shared search"},
	{0x20000, "bot"},
	{0x40000, "voice clips"},
	{0x80000, "secure channel"},
	{0x100000, "SIP invitations"},
	{0x200000, "tunnelled SIP"},
	{0x400000, "shared folders"},
	{0x800000, "page-mode messages"},
	{0x1000000, "OneCare"},
	{0x2000000, "P2P by TURN"},
	{0x4000000, "P2P set up by UUN"},
	{0x8000000, "uses an alias"},
}

// extended are the bits of the second half of a pair.
var extended = []Bit{
	{0x1, "text messages only"},
	{0x2, "voice over MSNP"},
	{0x4, "UCCP SIP stack"},
	{0x8, "application messages"},
	{0x10, "RTC video"},
	{0x20, "P2P version 2"},
	{0x40, "authenticated web IM"},
	{0x80, "one-to-one by group"},
	{0x100, "offline messages"},
	{0x200, "video sharing"},
	{0x400, "nudges"},
	{0x800, "voice in circles"},
	{0x1000, "sharing"},
	{0x2000, "no fan-out while the mobile device is suspended"},
	{0x8000, "P2P mixer relay"},
	{0x20000, "file transfer in the conversation window"},
	{0x40000, "video in 16:9"},
	{0x80000, "P2P in envelopes"},
	{0x400000, "Yahoo disabled"},
	{0x800000, "SIP tunnel version 2"},
	{0x1000000, "voice clips as WMA"},
	{0x2000000, "voice clips in circles"},
	{0x4000000, "social news"},
	{0x8000000, "custom emoticons"},
	{0x10000000, "moods in UTF-8"},
	{0x20000000, "FTURN"},
	{0x40000000, "P4 activities"},
	{0x80000000, "conversations of several"},
}

// generations are what the four highest bits of the capability number say: the
// generation of Microsoft's client that the client is like.
var generations = [16]string{
	1: "MSN Messenger 6.0", 2: "MSN Messenger 6.1", 3: "MSN Messenger 6.2", 4: "MSN Messenger 7.0", 5: "MSN Messenger 7.5",
	6: "Windows Live Messenger 8.0", 7: "Windows Live Messenger 8.1", 8: "Windows Live Messenger 8.5",
	9: "Windows Live Messenger 9 beta", 10: "Windows Live Messenger 2009", 11: "Windows Live Messenger 2011", 12: "Windows Live Messenger 2012",
}

// generationBits are where the generation stands.
const generationBits = 0xf0000000

// ReadCapabilities takes a capability number apart (MSNP8), or a pair of them parted by
// a colon (MSNP16). generation is the client that it is like, "MSNC" and a number where
// that is not known, "" where none is given. ok is false for what is no capability
// number: 32 bits each, decimal.
func ReadCapabilities(v string) (generation string, list []Ability, ok bool) {
	first, second, pair := strings.Cut(v, ":")
	n, err := strconv.ParseUint(first, 10, 32)
	if err != nil {
		return "", nil, false
	}
	if g := n >> 28; g > 0 {
		if generation = generations[g]; generation == "" {
			generation = fmt.Sprintf("MSNC%d", g)
		}
	}
	list = abilities(list, uint32(n)&^generationBits, capabilities, false)
	if pair {
		m, err := strconv.ParseUint(second, 10, 32)
		if err != nil {
			return "", nil, false
		}
		list = abilities(list, uint32(m), extended, true)
	}
	return generation, list, true
}

// abilities appends the bits of n by name; a bit without a name is named by its value.
func abilities(list []Ability, n uint32, names []Bit, more bool) []Ability {
	for bit := uint32(1); bit != 0; bit <<= 1 {
		if n&bit == 0 {
			continue
		}
		a := Ability{Bit{bit, fmt.Sprintf("bit 0x%x, not known", bit)}, more}
		for _, b := range names {
			if b.Value == bit {
				a.Bit = b
				break
			}
		}
		list = append(list, a)
	}
	return list
}

// Capabilities says in words what a capability number or pair means; "" for what is
// none.
func Capabilities(v string) string {
	generation, list, ok := ReadCapabilities(v)
	if !ok {
		return ""
	}
	words := make([]string, 0, len(list)+1)
	if generation != "" {
		words = append(words, generation)
	}
	for _, a := range list {
		words = append(words, a.Name)
	}
	if len(words) == 0 {
		return "nothing beyond text"
	}
	return strings.Join(words, ", ")
}
