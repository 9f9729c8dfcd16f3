package decode

// What else a notification server does: search, invitations by mail, web
// addresses, keep-alive, challenges, pages, alerts, messages, calls.
var serviceVerbs = []Verb{
	{Name: "FND", SignedIn: true, Meaning: "searches the directory", Outside: "502", Forms: []Form{
		{From: Client, Roles: NS, First: 2, Last: 7, Syntax: "trid terms:term...", Meaning: "searches; * is a wildcard",
			Summary: "{terms}", Example: "FND 1 fname=Bob lname=Lee city=* state=* country=US"},
		{From: Server, Roles: NS, First: 2, Last: 7, Syntax: "trid index=0 total=0", Meaning: "nobody was found",
			Summary: "nobody found", Example: "FND 2 0 0"},
		{From: Server, Roles: NS, First: 2, Last: 7, Syntax: "trid index total terms:term...", Meaning: "somebody was found",
			Summary: "{index}/{total}: {terms}", Example: "FND 1 1 2 fname=Bob lname=Lee city=New%20York state=NY country=US"},
	}},
	{Name: "SND", SignedIn: true, Meaning: "invites somebody to the service by mail", Forms: []Form{
		{From: Client, Roles: NS, First: 2, Last: 7, Syntax: "trid target lcid? library:client? codebase?",
			Summary: "invites {target}", Example: "SND 3 bob@example.com 0x0409 MSMSGS MSMSGS"},
		{From: Server, Roles: NS, First: 2, Last: 7, Syntax: "trid OK", Meaning: "the mail is sent",
			Summary: "sent", Example: "SND 3 OK"},
		{From: Server, Roles: NS, First: 2, Last: 7, Syntax: "trid target", Meaning: "the mail is sent (other servers)",
			Summary: "sent to {target}", Example: "SND 3 bob@example.com"},
	}},
	{Name: "SDC", SignedIn: true, Meaning: "invites somebody by mail, with name and text", PayloadFrom: 4, Forms: []Form{
		{From: Server, Roles: NS, First: 5, Syntax: "trid OK", Meaning: "the mail is sent",
			Summary: "sent", Example: "SDC 2 OK"},
		{From: Client, Roles: NS, First: 5, Syntax: "trid target lcid library:client codebase X X friendly length", Payload: "note",
			Summary: "invites {target}[: {payload}]", Example: "SDC 2 bob@example.com 0x0409 MSMSGS MSMSGS X X Alice 5\r\nHello"},
	}},
	{Name: "URL", SignedIn: true, Meaning: "asks for a web address", Forms: []Form{
		{From: Client, Roles: NS, First: 2, Syntax: "trid service argument:text?",
			Summary: "where is {service}[ {argument}]?", Example: "URL 4 INBOX"},
		{From: Server, Roles: NS, First: 2, Syntax: "trid page:url login:url site:number?", Meaning: "a web address and where to log in for it",
			Summary: "{page}", Example: "URL 4 /cgi-bin/HoTMaiL https://login.example/md5auth.srf?lc=1033 2"},
	}},
	{Name: "PNG", Act: ActPing, Meaning: "keep-alive", Forms: []Form{
		{From: Client, Roles: NS, First: 2, Syntax: "", Reply: "QNG", Noise: KeepAlive, Summary: "are you there?", Example: "PNG"},
		{From: Either, Roles: NS, First: 24, Syntax: "trid namespace length", Payload: "body", Reply: "none", Noise: KeepAlive, Summary: "{namespace}[ {payload}]", Example: "PNG 9 CON 0"},
		{From: Either, Roles: NS, First: 24, Syntax: "namespace length", Payload: "body", Reply: "none", Noise: KeepAlive, Summary: "{namespace}[ {payload}]", Example: "PNG CON 0"},
	}},
	{Name: "QNG", Act: ActPong, Meaning: "answers a keep-alive", Forms: []Form{
		{From: Server, Roles: NS, First: 2, Syntax: "seconds?", Noise: KeepAlive, Summary: "yes[; ask again in {seconds} s]", Example: "QNG"},
	}},
	{Name: "CHL", Act: ActChallenge, Meaning: "challenges the client program", Forms: []Form{
		{From: Server, Roles: NS, First: 6, Syntax: "trid challenge", Reply: "QRY", Own: true,
			Summary: "challenge {challenge}", Example: "CHL 0 15570131571988941333"},
		{From: Client, Roles: NS, First: 6, Syntax: "trid", Reply: "none", Meaning: "asks for a challenge",
			Summary: "asks for a challenge", Example: "CHL 20"},
		{From: Server, Roles: NS, First: 6, Syntax: "challenge", Reply: "QRY", Own: true, Meaning: "challenges the client program (short form, one source)",
			Summary: "challenge {challenge}", Example: "CHL 15570131571988941333"},
	}},
	{Name: "QRY", Act: ActProof, Meaning: "answers a challenge", PayloadFrom: 4, Refusal: "540", Forms: []Form{
		{From: Client, Roles: NS, First: 6, Syntax: "trid product length", Payload: "challenge",
			Summary: "{product} answers {payload}", Example: "QRY 22 msmsgs@msnmsgr.com 32\r\n8f2f5a91b72102cd28355e9fc9000d6e"},
		{From: Server, Roles: NS, First: 6, Syntax: "trid", Meaning: "the answer is right",
			Summary: "the answer is right", Example: "QRY 22"},
	}},
	{Name: "PAG", SignedIn: true, Meaning: "pages a mobile phone", PayloadFrom: 4, Outside: "715", Forms: []Form{
		{From: Client, Roles: NS, First: 5, Last: 8, Syntax: "trid handle length", Payload: "page", Reply: "none",
			Summary: "to {handle}: {payload}", Example: "PAG 23 bob@example.com 62\r\n<TEXT xml:space=\"preserve\">call me &#x26; Bob now, it's</TEXT>"},
	}},
	{Name: "IPG", Meaning: "a page, or why one failed", PayloadFrom: 2, Forms: []Form{
		{From: Server, Roles: NS, First: 6, Syntax: "length", Payload: "notification", Own: true,
			Summary: "{payload}", Example: "IPG 89\r\n<NOTIFICATION id=\"0\"><MSG id=\"0\"><BODY><TEXT>on my way</TEXT></BODY></MSG></NOTIFICATION>"},
	}},
	{Name: "NOT", Meaning: "an alert", PayloadFrom: 2, Forms: []Form{
		{From: Server, Roles: NS, First: 5, Syntax: "length", Payload: "notification", Own: true,
			Summary: "{payload}", Example: "NOT 93\r\n<NOTIFICATION id=\"0\"><MSG id=\"0\"><BODY><TEXT>Lunch at noon</TEXT></BODY></MSG></NOTIFICATION>"},
	}},
	{Name: "RNG", Act: ActInvite, Meaning: "somebody calls this account", Forms: []Form{
		{From: Server, Roles: NS, First: 2, Last: 20, Syntax: "session address package=CKI|CTP|MD5 cookie handle friendly U? domain:host? direct:flag?",
			Summary: "{handle} ({friendly}) is calling", Example: "RNG 11752013 10.0.1.200:1863 CKI 849102291.520491113 bob@example.com Bob"},
	}},
}
