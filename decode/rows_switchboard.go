package decode

// The switchboard: one conversation. MSG is here, although the notification
// server sends it, too.
var switchboardVerbs = []Verb{
	{Name: "ANS", Act: ActAnswer, Meaning: "answers a call", Told: true, Refusal: "911", Forms: []Form{
		{From: Client, Roles: SB, First: 2, Last: 20, Opens: true, Syntax: "trid handle cookie session", Meaning: "enters a switchboard that called",
			Summary: "{handle} answers the call", Example: "ANS 1 alice@example.com 849102291.520491113 11752013"},
		{From: Server, Roles: SB, First: 2, Last: 20, Syntax: "trid OK", Meaning: "entered",
			Summary: "is in", Example: "ANS 1 OK"},
	}},
	{Name: "IRO", Act: ActJoin, Meaning: "somebody who is in the conversation already", Forms: []Form{
		{From: Server, Roles: SB, First: 2, Last: 20, Syntax: "trid index total handle friendly capabilities?",
			Summary: "{index}/{total}: {handle} ({friendly}) is here", Example: "IRO 1 1 2 bob@example.com Bob"},
	}},
	{Name: "CAL", Act: ActCall, Meaning: "calls somebody into the conversation", Told: true, Refusal: "217", Forms: []Form{
		{From: Client, Roles: SB, First: 2, Last: 20, Heard: "RNG", Syntax: "trid handle",
			Summary: "calls {handle}", Example: "CAL 2 bob@example.com"},
		{From: Server, Roles: SB, First: 2, Last: 20, Syntax: "trid RINGING session", Interim: true, Meaning: "the server is calling",
			Summary: "ringing, session {session}", Example: "CAL 2 RINGING 11752013"},
	}},
	{Name: "JOI", Act: ActJoin, Meaning: "somebody joins", Forms: []Form{
		{From: Server, Roles: SB, First: 2, Last: 20, Syntax: "handle friendly capabilities?",
			Summary: "{handle} ({friendly}) joins", Example: "JOI bob@example.com Bob"},
	}},
	{Name: "BYE", Act: ActLeave, Meaning: "somebody leaves", Forms: []Form{
		{From: Client, Roles: FTP, First: 2, Syntax: "code", Meaning: "the transfer is over",
			Summary: "{code=}", Example: "BYE 16777989"},
		{From: Server, Roles: FTP, First: 2, Syntax: "code", Meaning: "the transfer is over",
			Summary: "{code=}", Example: "BYE 16777989"},
		{From: Server, Roles: SB, First: 2, Last: 20, Syntax: "handle idle:flag?", Meaning: "somebody leaves; 1: timed out",
			Summary: "{handle} leaves", Example: "BYE bob@example.com 1"},
	}},
	{Name: "MSG", Act: ActSay, Meaning: "a message", PayloadFrom: 4, Told: true, Forms: []Form{
		{From: Client, Roles: SB, First: 2, Last: 20, Heard: "MSG", Syntax: "trid ack=U|N|A|D length", Payload: "mime", Meaning: "a message to everybody in the conversation",
			Summary: "{payload}", Example: "MSG 4 N 56\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello Bob"},
		{From: Server, Roles: NS | SB, First: 2, Talk: true, Syntax: "handle friendly length", Payload: "mime", Meaning: "a message from somebody, or from the service itself",
			Summary: "{handle}: {payload}", Example: "MSG bob@example.com Bob 58\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello Alice"},
	}},
	{Name: "ACK", Act: ActAcknowledge, Meaning: "a message was delivered", Forms: []Form{
		{From: Server, Roles: SB, First: 2, Last: 20, Syntax: "trid", Summary: "delivered", Example: "ACK 5"},
	}},
	{Name: "NAK", Act: ActAcknowledge, Meaning: "a message was not delivered", Forms: []Form{
		{From: Server, Roles: SB, First: 2, Last: 20, Syntax: "trid", Refuses: true, Summary: "not delivered", Example: "NAK 6"},
	}},
}

// MSNFTP: two clients, a connection of their own. The roles are those of the
// file, sender and receiver; either may have opened the connection.
var fileTransferVerbs = []Verb{
	{Name: "FIL", Act: ActFile, Meaning: "says how big the file is; then it follows in blocks", Blocks: true, Forms: []Form{
		{From: Either, Roles: FTP, First: 2, Syntax: "size", Summary: "{size} bytes", Example: "FIL 11"},
	}},
	{Name: "TFR", Meaning: "asks for the file", Forms: []Form{
		{From: Either, Roles: FTP, First: 2, Syntax: "", Summary: "go ahead", Example: "TFR"},
	}},
	{Name: "CCL", Act: ActCancel, Meaning: "cancels the transfer", Forms: []Form{
		{From: Either, Roles: FTP, First: 2, Syntax: "", Summary: "cancels", Example: "CCL"},
	}},
}
