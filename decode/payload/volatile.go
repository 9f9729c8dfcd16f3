package payload

import "strings"

// ephemeral are the headers and keys whose values differ from one session to the
// next, or from one message to the next, in lower case: of the profile (MSNP2 and
// later), of invitations, mail, P2P and MSNSLP. What is secret is ephemeral, too.
// The value is the class of values that the same one may come back in: "" for
// those that stand alone.
var ephemeral = map[string]string{
	"logintime": "", "clientip": "", "clientport": "", "routeinfo": "",
	"invitation-cookie": "invitation", "session-id": "invitation session", "authcookie": "cookie",
	"ip-address": "", "ip-address-internal": "", "port": "", "portx": "", "portx-internal": "",
	"message-id": "", "message-url": "", "timestamp": "", "date": "", "original-arrival-time": "",
	"x-oim-run-id": "", "x-oim-message-id": "", "messageid": "", "receivedtime": "",
	"sessionid": "", "identifier": "", "ackidentifier": "", "nakidentifier": "", "ackuniqueid": "", "call-id": "", "via": "",
	"ipv4internal-addrs": "", "ipv4internal-port": "", "ipv4external-addrs": "", "ipv4external-port": "",
	"nonce": "", "hashed-nonce": "", "roster": "",
	"endpoint": "end point", "machineguid": "end point", "epid": "end point",
	"response": "", // of QRY: the challenge decides
}

// Volatile reports whether the value of the header or key of that name is not to
// be expected again in another session.
func Volatile(name string) bool {
	_, ok := ephemeral[strings.ToLower(name)]
	return ok || Secret(name)
}

// Linked returns the class of a volatile value that several messages share, or "".
func Linked(name string) string { return ephemeral[strings.ToLower(name)] }
