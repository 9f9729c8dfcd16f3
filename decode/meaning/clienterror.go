package meaning

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ClientError is an error code that Microsoft's client shows to its user: eight hex digits,
// a result code of Windows.
type ClientError struct {
	Code uint32
	// About says what went wrong, in a sentence; Advice what to look at, or nothing.
	About, Advice string
	// Reported: users and third parties say so; nothing by Microsoft was found. Others are
	// constants of Windows.
	Reported bool
	// Replies are the codes of MSNP error replies that the client shows so.
	Replies []string
}

// String is the code as clients show it.
func (e ClientError) String() string { return fmt.Sprintf("0x%08X", e.Code) }

var clientErrors = []ClientError{
	{Code: 0x81000301, About: "The client can't connect to the service.", Reported: true,
		Advice: "Is a server listening where the client's registry or hosts file leads to, and does a firewall let it through?"},
	{Code: 0x81000304, About: "The account is signed in already.", Replies: []string{"207"}, Reported: true},
	{Code: 0x81000306, About: "The client can't sign in: the service was not reached, or hung up.", Reported: true,
		Advice: "Which was the last command before the end of the connection? If none was seen, the client connects elsewhere: look at hosts file, registry and cached server."},
	{Code: 0x8100030a, About: "There is no such account.", Replies: []string{"205"}, Reported: true},
	{Code: 0x81000314, About: "The service is unavailable for now.", Reported: true},
	{Code: 0x81000430, About: "The other one is not online, or does not accept messages.", Replies: []string{"217"}, Reported: true},
	{Code: 0x81000435, About: "A parameter of the request is invalid.", Replies: []string{"201"}, Reported: true},
	{Code: 0x80048820, About: "The sign-in service refuses name or password, or the clocks differ.", Reported: true,
		Advice: "Check account and password, and date, time and time zone of both machines."},
	{Code: 0x80048821, About: "The sign-in service refuses name or password.", Reported: true},

	{Code: 0x80070005, About: "Access is denied."},
	{Code: 0x80072746, About: "The other end has reset the connection."},
	{Code: 0x8007274c, About: "The connection timed out.", Advice: "Is the address right, and does a firewall drop it?"},
	{Code: 0x8007274d, About: "The connection was refused: nobody listens there.", Advice: "Is the server running, and on that port?"},
	{Code: 0x80072af9, About: "The name of the server was not found.", Advice: "Look at DNS and hosts file: one of several names may be missing there."},
	{Code: 0x80072ee2, About: "The HTTP request timed out."},
	{Code: 0x80072ee5, About: "The web address is invalid."},
	{Code: 0x80072ee7, About: "The name of the web server was not found.", Advice: "Look at DNS and hosts file: one of several names may be missing there."},
	{Code: 0x80072efd, About: "The client can't connect to the web server.", Advice: "Does something listen on port 443 (or 80) where its name leads to? A server that offers nothing the client speaks, as TLS too new or SSL 2, looks the same."},
	{Code: 0x80072efe, About: "The connection to the web server was broken off.", Advice: "Often TLS: versions or ciphers that both sides know are missing."},
	{Code: 0x80072eff, About: "The web server has reset the connection."},
	{Code: 0x80072f05, About: "The certificate of the web server is not valid at this date.", Advice: "Check date and time of the client's machine, and how long the certificate is good for."},
	{Code: 0x80072f06, About: "The certificate of the web server is for another name."},
	{Code: 0x80072f0c, About: "The web server wants a certificate of the client."},
	{Code: 0x80072f0d, About: "The certificate of the web server is of an authority that the client's machine does not trust.", Advice: "Install the root certificate on the client's machine."},
	{Code: 0x80072f19, About: "Whether the certificate was revoked can't be found out.", Advice: "Turn the check off in the internet options, or let the client reach the revocation list."},
	{Code: 0x80072f78, About: "The web server's answer is no HTTP."},
	{Code: 0x80072f7d, About: "The secure channel to the web server fails.", Advice: "TLS: turn SSL 2 off and TLS 1.0 on at the client, and let the server offer what it knows."},
	{Code: 0x80072f8a, About: "The certificate of the web server is revoked."},
	{Code: 0x80072f8f, About: "Something is wrong with the certificate or the secure channel.", Advice: "Check date and time, name and root of the certificate."},
}

// ReadClientError reads a code as people write it: eight hex digits, in any case, with or
// without 0x. ok is false for everything else.
func ReadClientError(s string) (code uint32, ok bool) {
	digits := strings.TrimPrefix(strings.ToLower(s), "0x")
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 8 || strings.ContainsAny(digits, "_+-") {
		return 0, false
	}
	return uint32(n), true
}

// The parts of result codes that tell something although the code is not known.
const (
	facility      = 0xffff0000
	windows       = 0x80070000
	messenger     = 0x81000000
	signInService = 0x80040000
	firstHTTP     = 12000
	lastHTTP      = 12999
	firstSocket   = 10000
	lastSocket    = 11999
)

// LookupClientError finds an error code. Of one that is not in the table it says what its
// shape tells; ok is false if that is nothing.
func LookupClientError(code uint32) (e ClientError, ok bool) {
	if i := slices.IndexFunc(clientErrors, func(e ClientError) bool { return e.Code == code }); i >= 0 {
		return clientErrors[i], true
	}
	e = ClientError{Code: code}
	n := code &^ facility
	switch code & facility {
	case windows:
		e.About = fmt.Sprintf("Error %d of Windows.", n)
		switch {
		case n >= firstHTTP && n <= lastHTTP:
			e.About = fmt.Sprintf("Error %d of Windows, an error of HTTP or TLS (WinINet).", n)
		case n >= firstSocket && n <= lastSocket:
			e.About = fmt.Sprintf("Error %d of Windows, an error of the network (sockets).", n)
		}
	case messenger:
		e.About = "A code of Messenger itself; what it means is not known here."
	case signInService:
		e.About = "A code of the sign-in service or of a component of Windows; what it means is not known here."
	default:
		return e, false
	}
	return e, true
}

// ClientErrorsOf returns the codes that clients show for an MSNP error reply.
func ClientErrorsOf(reply string) (list []ClientError) {
	for _, e := range clientErrors {
		if slices.Contains(e.Replies, reply) {
			list = append(list, e)
		}
	}
	return list
}
