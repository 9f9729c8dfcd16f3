package decode

import (
	"strconv"
	"strings"

	"msnproxy/decode/meaning"
)

// The words that the protocol's codes stand for. Codes that are not here are
// shown as they are.

// statusMeans: any other three letters are some state of being online.
func statusMeans(v string) string {
	if s := meaning.Status(v); s != "" {
		return s
	}
	return "online, in a state not known here"
}

func listMeans(v string) string {
	switch v {
	case "FL":
		return "forward list: my contacts"
	case "AL":
		return "allow list: may see and call me"
	case "BL":
		return "block list: may not"
	case "RL":
		return "reverse list: have me in their forward list"
	case "PL":
		return "pending list"
	}
	return ""
}

func propertyMeans(v string) string {
	switch v {
	case "PHH":
		return "home phone"
	case "PHW":
		return "work phone"
	case "PHM":
		return "mobile phone"
	case "MOB":
		return "contacts may page the mobile (Y/N)"
	case "MBE":
		return "mobile device is set up (Y/N)"
	case "WWE":
		return "web watch"
	case "MFN":
		return "friendly name"
	case "HSB":
		return "has a blog"
	}
	return ""
}

func flagMeans(v string) string {
	if v == "1" {
		return "yes"
	}
	return "no"
}

// packageMeans takes several parted by commas, too, as one draft has them in INF.
func packageMeans(v string) string {
	first, rest, several := strings.Cut(v, ",")
	if s := onePackage(first); !several || s == "" {
		return s
	} else if more := packageMeans(rest); more != "" {
		return s + ", " + more
	}
	return ""
}

func onePackage(v string) string {
	switch v {
	case "MD5":
		return "MD5 of challenge and password"
	case "CTP":
		return "clear text password"
	case "TWN":
		return "Passport ticket (Tweener)"
	case "SSO":
		return "single sign-on ticket"
	case "SHA":
		return "circle ticket"
	case "CKI":
		return "cookie"
	}
	return ""
}

func wordMeans(v string) string {
	switch v {
	case "I":
		return "initiate"
	case "S":
		return "subsequent"
	case "OK":
		return "accepted"
	case "NS":
		return "notification server"
	case "SB":
		return "switchboard"
	case "RINGING":
		return "the server is calling"
	}
	return packageMeans(v)
}

func promptMeans(v string) string {
	switch v {
	case "A":
		return "ask"
	case "N":
		return "allow silently"
	}
	return ""
}

func privacyMeans(v string) string {
	switch v {
	case "AL":
		return "allow everybody but the block list"
	case "BL":
		return "allow only the allow list"
	}
	return ""
}

func ackMeans(v string) string {
	switch v {
	case "U":
		return "no answer"
	case "N":
		return "NAK on failure"
	case "A":
		return "ACK, or NAK on failure"
	case "D":
		return "ACK or an error (peer-to-peer data)"
	}
	return ""
}

func reasonMeans(v string) string {
	switch v {
	case "OTH":
		return "signed in elsewhere"
	case "SSD":
		return "server is shutting down"
	case "MIG":
		return "account is being moved"
	case "TOU":
		return "terms of use not accepted"
	case "RCT":
		return "reconnect later"
	}
	return ""
}

// transferMeans explains the codes of MSNFTP's BYE.
func transferMeans(v string) string {
	switch v {
	case "16777987":
		return "sent"
	case "16777989":
		return "received"
	case "2147942405":
		return "disk full"
	case "2164261682":
		return "cancelled"
	case "2164261694":
		return "timed out"
	}
	return ""
}

func serviceMeans(v string) string {
	switch v {
	case "PASSWORD":
		return "change the password"
	case "INBOX":
		return "mailbox"
	case "COMPOSE":
		return "write a mail"
	case "MESSAGE":
		return "read a mail"
	case "FOLDERS":
		return "mail folders"
	case "PERSON":
		return "own profile"
	case "PROFILE":
		return "edit the profile"
	case "MOBILE":
		return "mobile settings"
	case "CHGMOB":
		return "change the mobile"
	case "CHAT":
		return "chat rooms"
	case "N2PACCOUNT":
		return "phone account"
	case "N2PFUND":
		return "phone credit"
	case "ADDRBOOK":
		return "address book"
	case "ADVSEARCH":
		return "advanced search"
	case "INTSEARCH":
		return "search by interest"
	}
	return ""
}

func osMeans(v string) string {
	switch v {
	case "win":
		return "Windows 95, 98, ME"
	case "winnt":
		return "Windows NT and later"
	case "mac", "macosx":
		return "Mac OS"
	}
	return ""
}

// locales are the Windows LCIDs that clients of the time were sold in.
var locales = map[uint64]string{
	0x0401: "Arabic", 0x0402: "Bulgarian", 0x0404: "Chinese (Taiwan)", 0x0405: "Czech",
	0x0406: "Danish", 0x0407: "German", 0x0408: "Greek", 0x0409: "English (US)",
	0x040a: "Spanish", 0x040b: "Finnish", 0x040c: "French", 0x040d: "Hebrew",
	0x040e: "Hungarian", 0x0410: "Italian", 0x0411: "Japanese", 0x0412: "Korean",
	0x0413: "Dutch", 0x0414: "Norwegian", 0x0415: "Polish", 0x0416: "Portuguese (Brazil)",
	0x0418: "Romanian", 0x0419: "Russian", 0x041a: "Croatian", 0x041b: "Slovak",
	0x041d: "Swedish", 0x041e: "Thai", 0x041f: "Turkish", 0x0424: "Slovenian",
	0x0804: "Chinese (China)", 0x0807: "German (Switzerland)", 0x0809: "English (UK)",
	0x080a: "Spanish (Mexico)", 0x080c: "French (Belgium)", 0x0816: "Portuguese",
	0x0c07: "German (Austria)", 0x0c09: "English (Australia)", 0x0c0a: "Spanish",
	0x0c0c: "French (Canada)", 0x1009: "English (Canada)",
}

// localeMeans reads an LCID, hexadecimal with 0x or decimal.
func localeMeans(v string) string {
	base := 10
	if s, ok := strings.CutPrefix(strings.ToLower(v), "0x"); ok {
		v, base = s, 16
	}
	n, err := strconv.ParseUint(v, base, 32)
	if err != nil {
		return ""
	}
	return locales[n]
}
