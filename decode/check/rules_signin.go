package check

// Requests and replies.
var tridRules = []Rule{
	{ID: "trid.form", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "The TrID of a client's command is not a decimal number. Microsoft's server disconnected the client."},
	{ID: "trid.range", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "The TrID of a client's command is more than 4294967295, which 32 bits can hold. What a server makes of it can't be foretold."},
	{ID: "trid.reused", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "A request has the TrID of an earlier one on the same connection whose reply is still to come. Replies are told apart by nothing else."},
	{ID: "trid.order", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "A TrID is not greater than the one before on the same connection. The server attaches no meaning to the order, but every known client counts up. Said once for each connection."},
	{ID: "trid.unknown", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "A message of the server has a TrID that no request on this connection has had. What the server says unasked has the TrID 0 or none."},
	{ID: "trid.early", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "A reply stands in the recording before its request was whole. Clients exist that send CR and LF in pieces of their own, and servers that answer at the first of them; the LF is then an empty line to such a server."},
	{ID: "trid.unanswered", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "A request that always has a reply, or an error, has none, although a later request on the connection has. The client waits for it. For MSG this holds if it asks for an acknowledgement (A, D)."},
	{ID: "trid.abandoned", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "The connection, or the recording, ends before a request has its reply. Servers answer many mistakes by closing the connection: the last request is then the first to look at."},
	{ID: "trid.missing", Severity: note, First: 2, Source: "MSNP2, error replies",
		About: "An error reply has no TrID although a request is waiting. The draft has errors without a TrID for what is nobody's request; a client can't tell what this one is about."},
}

// Dialects.
var versionRules = []Rule{
	{ID: "version.unknown-command", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "The verb is none of MSNP2 to MSNP21. A server disconnects a client that sends one that it doesn't know."},
	{ID: "version.form", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "The command exists, or has these parameters, only in other dialects than the one that was agreed on. Servers of today are lax about that; Microsoft's were not."},
	{ID: "version.first", Severity: warning, First: 2, Source: "MSNP2, VER",
		About: "The first command to a dispatch or notification server is not VER: USR before VER, for one. Without VER there is no dialect to speak."},
	{ID: "version.repeated", Severity: warning, First: 2, Source: "MSNP2, VER",
		About: "The client sends VER a second time on a connection. It is sent once, unless the server has asked for a new sign-in on the same connection (XFR 0 NS 0)."},
	{ID: "version.cvr0", Severity: warning, First: 2, Source: "MSNP2, VER",
		About: "The client does not offer CVR0 along with its dialects. Every client of Microsoft's does, and servers exist that refuse all dialects without it."},
	{ID: "version.choice", Severity: fault, First: 2, Source: "MSNP2, VER",
		About: "The server chooses a dialect that the client has not offered."},
	{ID: "version.several", Severity: note, First: 2, Source: "MSNP2, VER",
		About: "The server's VER names several dialects. The first one counts. Microsoft's servers named all common ones for years, later ones a single one; clients exist that need CVR0 in the reply (aMSN up to 0.94), and others that take only one word."},
	{ID: "version.refused", Severity: warning, First: 2, Source: "MSNP2, VER",
		About: "The server speaks none of the dialects offered, says 0, and closes the connection."},
}

// Signing in.
var signInRules = []Rule{
	{ID: "signin.response", Severity: warning, First: 2, Source: "MSNP2, USR",
		About: "The answer to an MD5 sign-in challenge is not 32 hex digits."},
	{ID: "signin.unasked", Severity: note, First: 2, Source: "MSNP2, USR",
		About: "No sign-in challenge was seen before the answer, so that it can't be checked with the password given."},
	{ID: "signin.mismatch", Severity: fault, First: 2, Source: "MSNP2, USR",
		About: "The answer to the sign-in challenge is not MD5(challenge + password) for the password given."},
	{ID: "signin.order", Severity: warning, First: 2, Source: "MSNP2, USR",
		About: "The client sends a command that a notification server takes only after USR OK, such as SYN, before that has come. The error is 302. Said once for each connection."},
	{ID: "signin.cvr", Severity: warning, First: 2, Last: 7, Source: "MSNP2, CVR",
		About: "CVR comes before the sign-in is at its end. Up to MSNP7 its place is after it; before USR Microsoft's server said 731, in the midst of it 715, and closed. From MSNP8 on its place is between VER and USR."},
	{ID: "signin.inf", Severity: warning, First: 8, Source: "MSNP8, INF",
		About: "INF was removed with MSNP8: Microsoft's servers disconnected the client, others answer with an error."},
	{ID: "signin.package", Severity: warning, First: 2, Source: "MSNP8, USR",
		About: "The authentication package is not one of the dialect: MD5 is of MSNP2 to 7, TWN came with MSNP8, SSO with MSNP15."},
	{ID: "signin.not-offered", Severity: warning, First: 2, Last: 7, Source: "MSNP2, INF",
		About: "The client signs in by a package that the server's INF did not name."},
	{ID: "signin.repeated", Severity: warning, First: 2, Last: 17, Source: "MSNP2, USR",
		About: "A client that is signed in starts to sign in again on the same connection (error 207), or the server lets it in twice."},
	{ID: "signin.other", Severity: warning, First: 2, Source: "MSNP2, USR",
		About: "USR OK names another account than the one that wants in."},
	{ID: "signin.refused", Severity: warning, First: 2, Source: "MSNP2, USR",
		About: "The server answers USR or ANS with an error: wrong password, unknown account, used or old cookie, server too busy. The connection is closed then."},
}

// Challenges.
var challengeRules = []Rule{
	{ID: "challenge.mismatch", Severity: fault, First: 2, Source: "MSNP6, QRY",
		About: "The answer to the challenge is wrong for the product id that it names. The server says 540 and closes."},
	{ID: "challenge.product", Severity: note, First: 2, Source: "MSNP6, QRY",
		About: "The key of the product id is not known here, so that the answer can't be checked."},
	{ID: "challenge.unasked", Severity: note, First: 2, Source: "MSNP6, QRY",
		About: "No challenge was seen before the answer."},
	{ID: "challenge.accepted", Severity: warning, First: 2, Source: "MSNP6, QRY",
		About: "The server accepts an answer that is wrong. It probably does not check answers; the client will fail elsewhere."},
	{ID: "challenge.refused", Severity: fault, First: 2, Source: "MSNP6, QRY",
		About: "The server refuses an answer that is right."},
	{ID: "challenge.form", Severity: warning, First: 2, Source: "MSNP6, QRY",
		About: "The answer to a challenge is not 32 hex digits, with no line end after them."},
	{ID: "challenge.late", Severity: note, First: 2, Source: "MSNP6, CHL",
		About: "The answer comes more than 50 seconds after the challenge. Servers exist that say 540 and close by then."},
	{ID: "challenge.unanswered", Severity: warning, First: 2, Source: "MSNP6, CHL",
		About: "A challenge has no answer when the connection ends, 50 seconds or more after it, or after the client has sent other requests. Servers close a connection that leaves a challenge unanswered."},
}

// Redirects.
var redirectRules = []Rule{
	{ID: "redirect.port", Severity: note, First: 2, Source: "MSNP2, XFR",
		About: "The address of a redirect names no port. The grammar allows that, and 1863 is meant; not every client knows."},
	{ID: "redirect.unspecified", Severity: fault, First: 2, Source: "MSNP2, XFR",
		About: "A redirect leads to 0.0.0.0, to [::] or to port 0: the address that a server listens on, not one that a client could reach."},
	{ID: "redirect.private", Severity: warning, First: 2, Source: "MSNP2, XFR",
		About: "A server at a public address sends its client to a private, link-local or loopback one, which the client can't reach."},
	{ID: "redirect.cookie", Severity: fault, First: 2, Source: "MSNP2, XFR",
		About: "A redirect to a switchboard carries no cookie, without which nobody is let in there."},
	{ID: "redirect.layout", Severity: note, First: 2, Source: "MSNP3, MSNP7, MSNP13 and MSNP14, XFR and RNG",
		About: "A redirect has more or fewer parameters than in its dialect. XFR NS got a 0 with MSNP3, the server's own address with MSNP7, U D instead with MSNP13; XFR SB and RNG got U and a domain with MSNP13, a flag with MSNP14. Servers of today leave some out; a client that counts may not go where it is sent."},
	{ID: "redirect.ignored", Severity: warning, First: 2, Source: "MSNP2, XFR",
		About: "The client goes on talking to a server that has answered its USR with XFR NS. The sign-in begins anew on a connection to the address named."},
}
