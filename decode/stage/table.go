// Package stage says in words how far a sign-in came, why it usually stops there, and what
// to do about it. What proves a stage is told by package decode; this is the one table
// behind the Sign-in line of sessions, the inspector, and doctor.
package stage

import (
	"strconv"
	"strings"

	"msnproxy/decode"
)

// Row is what is known of a stage.
type Row struct {
	Stage decode.Stage
	// Key names it in JSON.
	Key string
	// About says what proves it.
	About string
	// Reasons are why sign-ins usually stop here, the most likely first.
	Reasons []Reason

	act    decode.Act
	before map[int]decode.Act // the act that stands for it up to a dialect
	words  string             // behind the verb
	plain  string             // where no verb stands for it
}

// Reason is why a sign-in stops.
type Reason struct {
	// First and Last are the dialects in which that may be; 0: any.
	First, Last int
	Text        string
}

// applies reports whether the reason may hold in a dialect; 0: it is not known yet.
func (r *Reason) applies(dialect int) bool {
	return dialect == 0 || dialect >= r.First && (r.Last == 0 || dialect <= r.Last)
}

// Dialects at which something about signing in changed.
const (
	lastMD5  = 7  // the last one with passwords
	firstTWN = 8  // tickets by the nexus, later by RST
	lastTWN  = 14 //
	firstSSO = 15 // tickets and a key by RST
	firstADL = 13 // lists are in the address book, on the web
	firstPUT = 21 // status by PUT, no switchboards
)

// Name is what people call the stage in the dialect: "USR OK".
func (r *Row) Name(dialect int) string {
	if r.plain != "" {
		return r.plain
	}
	act := r.act
	for last, other := range r.before {
		if dialect != 0 && dialect <= last {
			act = other
		}
	}
	return strings.TrimSpace(decode.VerbOf(act).Name + " " + r.words)
}

// In reports whether sign-ins of the dialect go through the stage; 0: any may.
func (r *Row) In(dialect int) bool {
	switch r.Stage {
	case decode.StageTicket:
		return dialect == 0 || dialect >= firstTWN
	case decode.StageTalking:
		return dialect < firstPUT
	}
	return true
}

// Of returns the row of a stage.
func Of(s decode.Stage) *Row {
	for i := range rows {
		if rows[i].Stage == s {
			return &rows[i]
		}
	}
	return nil
}

// Rows are all, in order.
func Rows() []Row { return rows }

var rows = []Row{
	{Stage: decode.StageNone, Key: "nothing", plain: "nothing", About: "no client has come",
		Reasons: []Reason{
			{Text: "The client goes elsewhere: hosts file, DNS, registry (clients below 5.0), or the server that it remembers from last time still name another address."},
			{Text: "It has fallen back to HTTP, on port 80, as port 1863 was closed when it tried."},
			{Text: "A firewall on this machine or on the way keeps it out, or the proxy listens on the loopback address only and the client runs elsewhere."},
		}},
	{Stage: decode.StageCame, Key: "connected", plain: "a connection", About: "a client has connected",
		Reasons: []Reason{
			{Text: "The client waits for the other side to speak first: it is no Messenger, or it is set to a proxy of a kind that is not served here."},
			{Text: "What connects is a port scanner, a health check, or a client that was closed at once."},
			{Text: "The proxy can't reach its server and hangs up before the client speaks."},
		}},
	{Stage: decode.StageOffered, Key: "ver-offered", act: decode.ActVersion, words: "of the client", About: "the client offers dialects",
		Reasons: []Reason{
			{Text: "What listens there is no MSNP server, or wants TLS: see with doctor --upstream what it says."},
			{Text: "The server speaks none of the dialects offered, and hangs up or keeps silent where it should say VER 0."},
			{Text: "A firewall or a proxy on the way lets the connection come about, and no data through."},
		}},
	{Stage: decode.StageAgreed, Key: "ver", act: decode.ActVersion, About: "the server chooses a dialect",
		Reasons: []Reason{
			{Text: "The client wanted to see CVR0 in the answer: aMSN up to 0.94 and others leave without it."},
			{Last: lastMD5, Text: "The server does not know INF, or wants CVR first, as servers of MSNP8 do."},
			{First: firstTWN, Text: "The server does not know CVR with an account behind it, or waits for INF."},
		}},
	{Stage: decode.StageIntroduced, Key: "introduced", act: decode.ActProgram, before: map[int]decode.Act{lastMD5: decode.ActPackages},
		About: "the server answers CVR or INF",
		Reasons: []Reason{
			{First: firstTWN, Text: "CVR names a minimum that is newer than the client: it offers an update and goes on no further. Let the server name an older one."},
			{Last: lastMD5, Text: "INF names no package that the client knows: it wants MD5."},
			{Text: "The client has no account set, or its user has cancelled."},
		}},
	{Stage: decode.StageNamed, Key: "usr-i", act: decode.ActSignIn, words: "I", About: "the client says which account it is",
		Reasons: []Reason{
			{Text: "The server does not know the account, and hangs up rather than to say 205 or 911."},
			{Text: "The server waits for its database or for another server: its log tells."},
			{First: firstTWN, Text: "The server does not know the package (TWN, from MSNP15 on SSO) in this dialect: narrow the dialects with --offer."},
		}},
	{Stage: decode.StageSentOn, Key: "xfr-ns", act: decode.ActRedirect, words: "NS", About: "the server sends the client to another server",
		Reasons: []Reason{
			{Text: "The address in XFR can't be reached from the client: the server names its own, private or loopback address, or a name that is known to it alone."},
			{Text: "The client uses the port of XFR only where it is 1863, or a firewall lets only that one through."},
			{Text: "The client goes there without the proxy, or the proxy has refused the redirect: its remark names the --allow that would do."},
		}},
	{Stage: decode.StageFollowed, Key: "xfr-ns-followed", act: decode.ActRedirect, words: "NS followed", About: "the client comes to the server that it was sent to",
		Reasons: []Reason{
			{Text: "The second server does not answer, or speaks other dialects than the first."},
			{Text: "The client waits for something that only the first server knows."},
		}},
	{Stage: decode.StageChallenged, Key: "usr-s-server", act: decode.ActSignIn, words: "S of the server", About: "the server challenges the client, or says which ticket it wants",
		Reasons: []Reason{
			{Last: lastMD5, Text: "The client does not understand the challenge, or its user has cancelled."},
			{First: firstTWN, Last: lastTWN, Text: "The client does not get a ticket: it asks nexus.passport.com and then a login server over HTTPS, clients of 7.5 and later an RST service. Names (DNS, hosts file), port 443, certificate, root, TLS version and clock of the client all have to be right."},
			{First: firstSSO, Text: "The client does not get a ticket: it asks RST.srf or RST2.srf of login.live.com over HTTPS. Names (DNS, hosts file), port 443, certificate, root, TLS version and clock of the client all have to be right."},
			{First: firstTWN, Text: "The password is wrong: the web service says so, and not this server."},
			{First: firstSSO, Text: "The policy in USR (MBI, MBI_KEY_OLD) is one that the client or the web service does not know."},
		}},
	{Stage: decode.StageTicket, Key: "ticket", plain: "a ticket of the web service", About: "a web service issues a ticket",
		Reasons: []Reason{
			{First: firstTWN, Text: "The answer lacks what the client looks for: the token of the policy that USR named, from MSNP15 on with its BinarySecret."},
			{First: firstTWN, Text: "The ticket is not good yet, or no more, by the clock of the client."},
		}},
	{Stage: decode.StageProven, Key: "usr-s-client", act: decode.ActSignIn, words: "S of the client", About: "the client answers the challenge, or gives its ticket",
		Reasons: []Reason{
			{Last: lastMD5, Text: "The password is wrong, or the server keeps another than the client has: --password with check tells which of them is right."},
			{First: firstTWN, Text: "The server does not know the ticket: it was issued by the web service of another server, or is used or too old."},
			{First: firstSSO, Text: "The answer to the nonce is worked out with another key than the server has: BinarySecret and nonce have to be those of this sign-in."},
			{Text: "The account is signed in elsewhere, locked, or the server too busy: the code of its error says which."},
		}},
	{Stage: decode.StageAdmitted, Key: "usr-ok", act: decode.ActSignIn, words: "OK", About: "the server lets the client in",
		Reasons: []Reason{
			{Last: firstADL - 1, Text: "The server does not answer SYN, or announces more contacts and groups than it sends: the client waits for the rest."},
			{First: firstADL, Text: "The client does not get its lists: it asks SharingService and ABService of contacts.msn.com over HTTP(S). Names, port and certificate have to be right there, too."},
			{Text: "The profile (MSG of Hotmail) is missing, or its length is wrong: some clients wait for it."},
		}},
	{Stage: decode.StageListed, Key: "lists", act: decode.ActLists, before: map[int]decode.Act{firstADL - 1: decode.ActSynchronise}, About: "the lists of contacts are there",
		Reasons: []Reason{
			{Last: firstADL - 1, Text: "Fewer contacts or groups came than were announced, and the client waits for them."},
			{First: firstADL, Text: "ADL is answered with an error, or the address book (ABFindAll) was not read."},
			{Text: "The client is set to appear offline, or was closed."},
		}},
	{Stage: decode.StageOnline, Key: "online", act: decode.ActStatus, before: map[int]decode.Act{}, About: "the server repeats the client's status"},
	{Stage: decode.StageTalking, Key: "switchboard", plain: "a switchboard", About: "a switchboard lets the client in"},
}

// dialect names a dialect in brackets, with a blank before; "" if it is not known.
func dialect(n int) string {
	if n == 0 {
		return ""
	}
	return " (MSNP" + strconv.Itoa(n) + ")"
}
