package decode

// Presence: who is online, and how.
var presenceVerbs = []Verb{
	{Name: "CHG", Act: ActStatus, SignedIn: true, Meaning: "changes this account's status", Told: true, Forms: []Form{
		{From: Client, Roles: NS, First: 2, Heard: "NLN", Syntax: "trid status capabilities? msnobj?", Meaning: "sets the status; the first one makes the client visible",
			Summary: "{status=}", Example: "CHG 9 NLN"},
		{From: Server, Roles: NS, First: 2, Echo: true, Syntax: "trid status capabilities? msnobj?", Meaning: "the status is set",
			Summary: "is {status=}", Example: "CHG 0 FLN"},
	}},
	{Name: "ILN", Act: ActPresence, Meaning: "the status of a contact when signing in or adding it", Forms: []Form{
		{From: Server, Roles: NS, First: 2, Last: 13, Syntax: "trid status handle friendly capabilities:capability? msnobj?", Interim: true, Noise: Repeated,
			Summary: "{handle} ({friendly}) is {status=}", Example: "ILN 9 AWY bob@example.com Bob"},
		{From: Server, Roles: NS, First: 14, Last: 17, Syntax: "trid status handle network friendly capabilities? msnobj? icon:url?", Interim: true, Noise: Repeated,
			Summary: "{handle} ({friendly}) is {status=}", Example: "ILN 9 AWY bob@example.com 1 Bob 268435492 0"},
		{From: Server, Roles: NS, First: 18, Circle: CircleHere, Syntax: "trid status handle friendly capabilities? msnobj? icon:url?", Interim: true, Noise: Repeated,
			Summary: "{handle} ({friendly}) is {status=}", Example: "ILN 9 AWY 1:bob@example.com Bob 2684354596:32 0"},
	}},
	{Name: "NLN", Act: ActPresence, Meaning: "a contact comes online or changes status or name", Forms: []Form{
		{From: Server, Roles: NS, First: 2, Last: 13, Syntax: "status handle friendly capabilities:capability? msnobj?", Noise: Repeated,
			Summary: "{handle} ({friendly}) is {status=}", Example: "NLN BSY bob@example.com Bob"},
		{From: Server, Roles: NS, First: 14, Last: 17, Syntax: "status handle network friendly capabilities? msnobj? icon:url?", Noise: Repeated,
			Summary: "{handle} ({friendly}) is {status=}", Example: "NLN BSY bob@example.com 1 Bob 268435492 0"},
		{From: Server, Roles: NS, First: 18, Circle: CircleHere, Syntax: "status handle friendly capabilities? msnobj? icon:url?", Noise: Repeated,
			Summary: "{handle} ({friendly}) is {status=}", Example: "NLN BSY 1:bob@example.com Bob 268435492:0"},
	}},
	{Name: "FLN", Act: ActPresence, Meaning: "a contact goes offline", Forms: []Form{
		{From: Server, Roles: NS, First: 2, Last: 13, Syntax: "handle", Noise: Repeated,
			Summary: "{handle} is offline", Example: "FLN bob@example.com"},
		{From: Server, Roles: NS, First: 14, Last: 17, Syntax: "handle network? capabilities? icon:url?", Noise: Repeated,
			Summary: "{handle} is offline", Example: "FLN bob@example.com 1 0:0"},
		{From: Server, Roles: NS, First: 18, Circle: CircleGone, Syntax: "handle capabilities icon:url?", Noise: Repeated,
			Summary: "{handle} is offline", Example: "FLN 1:bob@example.com 0:0"},
	}},
	{Name: "IMS", SignedIn: true, Meaning: "accepts or refuses being called (WebTV)", Forms: []Form{
		{From: Client, Roles: NS, First: 3, Syntax: "trid onoff=ON|OFF",
			Summary: "calls {onoff}", Example: "IMS 28 OFF"},
		{From: Server, Roles: NS, First: 3, Syntax: "trid 0 onoff=ON|OFF",
			Summary: "calls are {onoff}", Example: "IMS 28 0 OFF"},
	}},
}
