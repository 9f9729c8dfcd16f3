package check

// Web services beside the notification server (MSNP8 and later).
var webRules = []Rule{
	{ID: "web.refused", Severity: warning, First: 2, Source: "web services",
		About: "A web service refuses a request: a Fault of SOAP, a failed sign-in of Passport, or a status of HTTP from 400 on. A client that can't sign in, or has no lists, most often stopped here. The Fault that asks for a lock key before an offline message is stored is no refusal."},
	{ID: "web.broken", Severity: note, First: 2, Source: "web services",
		About: "The body of a message of HTTP could not be read to its end: its chunks or its compression are broken, or it is larger than what is looked at."},
	{ID: "sso.blob", Severity: fault, First: 2, Source: "MSNP15, USR",
		About: "The answer to the nonce of a sign-in by ticket and key (USR SSO S) is not what the key makes of it that came with the ticket (the BinarySecret in the answer of RST or RST2). It can be checked where the recording has the key: recorded with --keep-secrets, or when a proxy that saw it noted its verdict."},
	{ID: "token.unknown", Severity: warning, First: 2, Source: "MSNP8, USR",
		About: "The ticket that a client signs in with was handed out by no answer of a sign-in service in the recording, although one handed out others to the same account at the same host. The client mixes tickets up, or has one from before."},
	{ID: "lockkey.wrong", Severity: fault, First: 2, Source: "offline messages, Store",
		About: "The lock key of a request to store an offline message is not the answer to the challenge (LockKeyChallenge) that the service has posed. It is made as the answer to CHL of MSNP11 is, with the key of the product id that the request names."},
	{ID: "ab.differs", Severity: warning, First: 13, Source: "MSNP13, ADL",
		About: "The first list that the client sends (ADL) has not the entries on AL and BL that the address book (FindMembership) has given it, or has others. The server then shows the user to, or hides it from, people other than the user wants."},
	{ID: "host.escapes", Severity: note, First: 2, Source: "web services",
		About: "An answer that came through the proxy names a host that the client dials next (PassportURLs, Location, PreferredHostName, an address in MsgrConfig), and within 30 seconds no request for it came through the proxy: the client probably went past it. Where the proxy serves that host, too, its name has to lead here (hosts file, --web)."},
}
