package decode

// Commands that came after MSNP7. They are here so that a newer dialect stays
// in step and can be read; their payloads are shown by content type only.
var laterVerbs = []Verb{
	{Name: "ADC", Act: ActAdd, SignedIn: true, Adds: true, Meaning: "adds a contact", Told: true, Forms: []Form{
		{From: Either, Roles: NS, First: 10, Last: 12, Echo: true, Syntax: "trid list N=handle F=friendly? C=guid?", Meaning: "puts somebody on a list; the server gives those on FL an id",
			Summary: "{handle}[ ({friendly})] to {list}", Example: "ADC 12 FL N=bob@example.com F=Bob"},
		{From: Either, Roles: NS, First: 12, Last: 12, Echo: true, Syntax: "trid list N=handle F=friendly? C=guid? network", Meaning: "puts somebody of a network on a list",
			Summary: "{handle}[ ({friendly})] to {list}, {network=}", Example: "ADC 12 AL N=bob@example.com 1"},
		{From: Either, Roles: NS, First: 10, Last: 12, Echo: true, Syntax: "trid list=FL C=guid group:groupid", Meaning: "puts a contact into a group",
			Summary: "{guid} to group {group}", Example: "ADC 12 FL C=11111111-2222-3333-4444-555555555555 aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"},
	}},
	{Name: "SBP", SignedIn: true, Meaning: "sets a property of a contact", Told: true, Forms: []Form{
		{From: Either, Roles: NS, First: 10, Last: 12, Echo: true, Syntax: "trid guid property value? flag?",
			Summary: "{guid}: {property} is {value?}", Example: "SBP 12 11111111-2222-3333-4444-555555555555 MFN Bob"},
	}},
	{Name: "SBS", Meaning: "status of paid services", Forms: []Form{
		{From: Server, Roles: NS, First: 11, Last: 20, Syntax: "trid value:paid", Summary: "{value}", Example: "SBS 0 null"},
		{From: Client, Roles: NS, First: 11, Last: 20, Syntax: "trid value:paid?", Reply: "none", Summary: "status[ {value}]", Example: "SBS 4"},
	}},
	{Name: "GSB", Meaning: "asks for the status of paid services", Undocumented: true, Forms: []Form{
		{From: Either, Roles: NS, First: 11, Syntax: "trid fields:arg...?", Reply: "none", Summary: "", Example: "GSB 4"},
	}},
	{Name: "LKP", Meaning: "not documented: only the name is known", Undocumented: true, Forms: []Form{
		{From: Either, Roles: NS, First: 12, Syntax: "trid fields:arg...?", Reply: "none", Summary: "", Example: "LKP 4"},
	}},
	{Name: "RFS", Act: ActListsAgain, Meaning: "asks the client to send its lists or status again", Forms: []Form{
		{From: Server, Roles: NS, First: 13, Last: 20, Syntax: "bits:refresh", Summary: "send again: {bits=}", Example: "RFS 3"},
	}},
	{Name: "PGD", SignedIn: true, Meaning: "pages a mobile device", PayloadFrom: 5, Forms: []Form{
		{From: Client, Roles: NS, First: 9, Syntax: "trid handle device length", Payload: "page", Reply: "none",
			Summary: "to {handle}: {payload}", Example: "PGD 4 bob@example.com 1 15\r\n<TEXT>hi</TEXT>"},
	}},
	{Name: "GCF", Meaning: "configuration", PayloadFrom: 3, Forms: []Form{
		{From: Client, Roles: NS, First: 11, Last: 12, Syntax: "trid file:text", Meaning: "asks for the configuration",
			Summary: "{file}", Example: "GCF 5 Shields.xml"},
		{From: Server, Roles: NS, First: 11, Last: 12, Syntax: "trid file:text length", Payload: "xml",
			Summary: "{file}", Example: "GCF 5 Shields.xml 9\r\n<config/>"},
		{From: Server, Roles: NS, First: 13, Syntax: "trid length", Payload: "xml",
			Summary: "{payload}", Example: "GCF 0 11\r\n<Policies/>"},
	}},
	{Name: "UUX", SignedIn: true, Meaning: "sets the personal message", PayloadFrom: 3, Told: true, Forms: []Form{
		{From: Client, Roles: NS, First: 11, Last: 20, Heard: "UBX", Syntax: "trid length", Payload: "xml",
			Summary: "{payload}", Example: "UUX 9 7\r\n<Data/>"},
		{From: Server, Roles: NS, First: 11, Last: 20, Syntax: "trid length?", Meaning: "the personal message is set",
			Summary: "set", Example: "UUX 9 0"},
	}},
	{Name: "UBX", Meaning: "the personal message of a contact", PayloadFrom: 3, Forms: []Form{
		{From: Server, Roles: NS, First: 11, Last: 20, Syntax: "handle length", Payload: "xml",
			Summary: "{handle}[: {payload}]", Example: "UBX bob@example.com 7\r\n<Data/>"},
		{From: Server, Roles: NS, First: 14, Last: 17, Syntax: "handle network length", Payload: "xml",
			Summary: "{handle}[: {payload}]", Example: "UBX bob@example.com 1 7\r\n<Data/>"},
	}},
	{Name: "ADL", Act: ActLists, SignedIn: true, Adds: true, Meaning: "adds to lists", PayloadFrom: 3, Told: true, Forms: []Form{
		{From: Server, Roles: NS, First: 13, Syntax: "trid OK", Meaning: "they are added", Summary: "added", Example: "ADL 7 OK"},
		{From: Either, Roles: NS, First: 13, Syntax: "trid length", Payload: "xml",
			Summary: "to lists: {payload}", Example: "ADL 7 5\r\n<ml/>"},
	}},
	{Name: "RML", Act: ActLists, SignedIn: true, Meaning: "removes from lists", PayloadFrom: 3, Told: true, Forms: []Form{
		{From: Server, Roles: NS, First: 13, Syntax: "trid OK", Meaning: "they are removed", Summary: "removed", Example: "RML 7 OK"},
		{From: Either, Roles: NS, First: 13, Syntax: "trid length", Payload: "xml",
			Summary: "from lists: {payload}", Example: "RML 7 5\r\n<ml/>"},
	}},
	{Name: "FQY", SignedIn: true, Meaning: "asks which network an address is on", PayloadFrom: 3, Forms: []Form{
		{From: Either, Roles: NS, First: 14, Last: 20, Syntax: "trid length", Payload: "xml", Interim: true,
			Summary: "{payload}", Example: "FQY 7 5\r\n<ml/>"},
		{From: Server, Roles: NS, First: 14, Last: 20, Syntax: "trid list:contacts", Interim: true, Meaning: "the answer in the line itself (other servers)",
			Summary: "{list=}", Example: "FQY 7 %3Cml/%3E"},
	}},
	{Name: "UUN", SignedIn: true, Meaning: "a note to another client", PayloadFrom: 3, Told: true, Forms: []Form{
		{From: Server, Roles: NS, First: 13, Last: 20, Syntax: "trid OK", Meaning: "the note is sent", Summary: "sent", Example: "UUN 9 OK"},
		{From: Client, Roles: NS, First: 13, Last: 20, Heard: "UBN", Syntax: "trid handle type:notetype length", Payload: "opaque",
			Summary: "to {handle}: {type=}", Example: "UUN 9 bob@example.com 5 2\r\nhi"},
	}},
	{Name: "UBN", Meaning: "a note from another client", PayloadFrom: 4, Forms: []Form{
		{From: Server, Roles: NS, First: 13, Last: 20, Syntax: "handle type:notetype length", Payload: "opaque",
			Summary: "from {handle}: {type=}", Example: "UBN bob@example.com 5 2\r\nhi"},
	}},
	{Name: "UUM", Act: ActForward, SignedIn: true, Meaning: "a message to another network or for later", PayloadFrom: 5, Told: true, Forms: []Form{
		{From: Client, Roles: NS, First: 14, Last: 20, Talk: true, Heard: "UBM", Syntax: "trid handle network type:messagetype length", Payload: "mime", Reply: "none",
			Summary: "to {handle}: {payload}", Example: "UUM 9 bob@example.com 32 1 30\r\nContent-Type: text/plain\r\n\r\nhi"},
	}},
	{Name: "UBM", Act: ActForward, Meaning: "a message from another network or from before", PayloadFrom: 5, Forms: []Form{
		{From: Server, Roles: NS | SB, First: 14, Last: 15, Talk: true, Syntax: "handle network type:messagetype length", Payload: "mime",
			Summary: "from {handle}: {payload}", Example: "UBM bob@example.com 32 1 30\r\nContent-Type: text/plain\r\n\r\nhi"},
		{From: Server, Roles: NS | SB, First: 16, Last: 20, Talk: true, Syntax: "handle network to:handle tonetwork:network type:messagetype length", Payload: "mime",
			Summary: "from {handle}: {payload}", Example: "UBM bob@example.com 32 alice@example.com 1 1 30\r\nContent-Type: text/plain\r\n\r\nhi"},
	}},
	{Name: "VAS", SignedIn: true, Meaning: "reports abuse", PayloadFrom: 4, Undocumented: true, Forms: []Form{
		{From: Client, Roles: NS, First: 18, Syntax: "trid handle arg1:arg arg2:arg length", Payload: "opaque", Reply: "none",
			Summary: "{handle}", Example: "VAS 4 bob@example.com 1 2 2\r\nhi"},
	}},
	{Name: "SDG", Act: ActRoute, SignedIn: true, Meaning: "a message", PayloadFrom: 3, Told: true, Forms: []Form{
		{From: Server, Roles: NS, First: 18, Syntax: "trid OK", Meaning: "it is sent", Summary: "sent", Example: "SDG 4 OK"},
		{From: Client, Roles: NS, First: 18, Talk: true, Heard: "SDG", Syntax: "trid length", Payload: "mime", Reply: "none",
			Summary: "[to {peer}: ]{payload}", Example: "SDG 4 99\r\nRouting: 1.0\r\nTo: 1:bob@example.com\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\n\r\nhi"},
		{From: Server, Roles: NS, First: 18, Talk: true, Syntax: "trid length", Payload: "mime", Reply: "none",
			Summary: "[{peer}: ]{payload}", Example: "SDG 0 101\r\nRouting: 1.0\r\nFrom: 1:bob@example.com\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\n\r\nhi"},
		{From: Either, Roles: NS, First: 24, Syntax: "trid namespace length", Payload: "mime", Reply: "none",
			Summary: "{namespace} {payload}", Example: "SDG 4 MSGR 30\r\nContent-Type: text/plain\r\n\r\nhi"},
	}},
	{Name: "NFY", Meaning: "somebody's state changes", PayloadFrom: 3, Forms: []Form{
		{From: Server, Roles: NS, First: 18, Circle: circleByWord, Syntax: "what:word=PUT|DEL length", Payload: "mime",
			Summary: "{what} [{peer}: ]{payload}", Example: "NFY PUT 30\r\nContent-Type: text/plain\r\n\r\nhi"},
		{From: Server, Roles: NS, First: 24, Syntax: "namespace length", Payload: "mime",
			Summary: "{namespace} {payload}", Example: "NFY MSGR\\PUT 30\r\nContent-Type: text/plain\r\n\r\nhi"},
		{From: Server, Roles: NS, First: 24, Syntax: "trid namespace length", Payload: "mime",
			Summary: "{namespace} {payload}", Example: "NFY 0 MSGR\\PUT 30\r\nContent-Type: text/plain\r\n\r\nhi"},
	}},
	{Name: "PUT", Act: ActRoute, SignedIn: true, Meaning: "sets a state", PayloadFrom: 3, Told: true, Forms: []Form{
		{From: Server, Roles: NS, First: 18, Circle: CircleHere, Syntax: "trid OK length?", Payload: "mime", Meaning: "the state is set",
			Summary: "set", Example: "PUT 35 OK 0"},
		{From: Either, Roles: NS, First: 18, Circle: CircleHere, Syntax: "trid length", Payload: "mime",
			Summary: "{payload}", Example: "PUT 35 30\r\nContent-Type: text/plain\r\n\r\nhi"},
		{From: Either, Roles: NS, First: 24, Syntax: "trid namespace length", Payload: "mime",
			Summary: "{namespace} {payload}", Example: "PUT 35 MSGR\\CONTACT 30\r\nContent-Type: text/plain\r\n\r\nhi"},
	}},
	{Name: "DEL", Act: ActRoute, SignedIn: true, Meaning: "removes a state", PayloadFrom: 3, Told: true, Forms: []Form{
		{From: Server, Roles: NS, First: 18, Circle: CircleGone, Syntax: "trid OK length?", Payload: "mime", Meaning: "the state is removed",
			Summary: "removed", Example: "DEL 35 OK"},
		{From: Either, Roles: NS, First: 18, Circle: CircleGone, Syntax: "trid length", Payload: "mime",
			Summary: "{payload}", Example: "DEL 35 30\r\nContent-Type: text/plain\r\n\r\nhi"},
		{From: Either, Roles: NS, First: 24, Syntax: "trid namespace length", Payload: "mime",
			Summary: "{namespace} {payload}", Example: "DEL 35 MSGR\\CONTACT 30\r\nContent-Type: text/plain\r\n\r\nhi"},
	}},
	{Name: "GET", Meaning: "not documented: only that it has a payload", PayloadFrom: 3, Undocumented: true, Forms: []Form{
		{From: Either, Roles: NS, First: 18, Syntax: "trid length", Payload: "mime", Reply: "none",
			Summary: "{payload}", Example: "GET 35 30\r\nContent-Type: text/plain\r\n\r\nhi"},
		{From: Either, Roles: NS, First: 24, Syntax: "trid namespace length", Payload: "body", Reply: "none",
			Summary: "{namespace} {payload}", Example: "GET 35 MSGR\\THREADS 30\r\nContent-Type: text/plain\r\n\r\nhi"},
		{From: Either, Roles: NS, First: 18, Syntax: "trid arg1:arg length", Payload: "mime", Reply: "none",
			Summary: "{arg1} {payload}", Example: "GET 35 x 30\r\nContent-Type: text/plain\r\n\r\nhi"},
	}},
	{Name: "FSL", Meaning: "not documented: only that it has a payload", PayloadFrom: 3, Undocumented: true, Forms: []Form{
		{From: Either, Roles: NS, First: 18, Syntax: "trid length", Payload: "opaque", Reply: "none",
			Summary: "", Example: "FSL 35 2\r\nhi"},
	}},
	{Name: "CNT", Meaning: "opens a connection (MSNP24)", PayloadFrom: 3, Forms: []Form{
		{From: Either, Roles: NS, First: 24, Opens: true, Syntax: "trid namespace length", Payload: "body",
			Summary: "{namespace} {payload}", Example: "CNT 1 CON 10\r\n<connect/>"},
	}},
	{Name: "ATH", Meaning: "signs in (MSNP24)", PayloadFrom: 3, Forms: []Form{
		{From: Either, Roles: NS, First: 24, Syntax: "trid namespace length", Payload: "body",
			Summary: "{namespace} {payload}", Example: "ATH 2 CON\\USER 7\r\n<user/>"},
	}},
	{Name: "BND", Meaning: "binds the end point (MSNP24)", PayloadFrom: 3, Forms: []Form{
		{From: Either, Roles: NS, First: 24, Syntax: "trid namespace length", Payload: "body",
			Summary: "{namespace} {payload}", Example: "BND 3 CON\\MSGR 30\r\nContent-Type: text/plain\r\n\r\nhi"},
	}},
}
