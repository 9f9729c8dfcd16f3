package service

// Offline messages (MSNP11 and later).

var fetchAsk = []Param{
	{Name: "token", Where: "PassportCookie/t", Kind: Token},
	{Name: "profile", Where: "PassportCookie/p", Kind: Token},
}

var storeAsk = []Param{
	{Name: "handle", Where: "From/@memberName", Kind: Account},
	{Name: "friendly", Where: "From/@friendlyName", Kind: Person},
	{Name: "to", Where: "To/@memberName", Kind: Account},
	{Name: "token", Where: "Ticket/@passport", Kind: Token},
	{Name: "product", Where: "Ticket/@appid"},
	{Name: "lockkey", Where: "Ticket/@lockkey", Kind: LockKey},
	{Name: "dialect", Where: "From/@msnpVer"},
	{Name: "client", Where: "From/@buildVer"},
	{Name: "number", Where: "Sequence/MessageNumber"},
	{Name: "type", Where: "Body/MessageType"},
	{Name: "content", Where: "Body/Content", Kind: Person},
}

const (
	rsi      = "/rsi.asmx /rsi"
	atRSI    = "rsi.hotmail.com"
	oim      = "/oim.asmx /oimws"
	atOIM    = "ows.messenger.msn.com"
	offline  = "OIM"
	storeEnd = "StoreResponse MessageAccepted"
)

var noteRows = []Action{
	{Name: "GetMetadata", Service: offline, Meaning: "which offline messages there are", Paths: rsi, Hosts: atRSI,
		Asks: "which offline messages are there?", Answers: "from {handle}", Ask: fetchAsk,
		Answer: []Param{
			{Name: "handle", Where: "MD/M/E", Kind: Account, Many: true},
			{Name: "friendly", Where: "MD/M/N", Kind: Person, Many: true},
			{Name: "message", Where: "MD/M/I", Kind: ID, Many: true},
			{Name: "received", Where: "MD/M/RT", Kind: Time, Many: true},
			{Name: "size", Where: "MD/M/SZ", Many: true},
		}},
	{Name: "GetMessage", Service: offline, Meaning: "an offline message", Paths: rsi, Hosts: atRSI,
		Asks: "offline message {message}", Answers: "{content}",
		Ask:    plus(fetchAsk, Param{Name: "message", Where: "GetMessage/messageId", Kind: ID}, Param{Name: "read", Where: "alsoMarkAsRead"}),
		Answer: []Param{{Name: "content", Where: "GetMessageResult", Kind: Person}}},
	{Name: "DeleteMessages", Service: offline, Meaning: "deletes offline messages", Paths: rsi, Hosts: atRSI,
		Asks: "without {message}", Answers: "deleted",
		Ask: plus(fetchAsk, Param{Name: "message", Where: "messageIds/messageId", Kind: ID, Many: true})},
	{Name: "rsi", Service: offline, Meaning: "something else of offline messages", Paths: rsi, Hosts: atRSI, Any: true, Ask: fetchAsk},
	{Name: "Store", Service: offline, Meaning: "an offline message for somebody (2004)", Paths: oim, Hosts: atOIM, Root: "MessageType", Answered: storeEnd,
		Asks: "for {to}[, number {number}]", Answers: "stored", Ask: storeAsk},
	{Name: "Store2", Service: offline, Meaning: "an offline message for somebody (2006 and later)", Paths: oim, Hosts: atOIM, Root: "MessageType", Answered: "Store2Response",
		Asks: "for {to}[, number {number}]", Answers: "stored", Ask: storeAsk},
}

var storageAsk = []Param{
	{Name: "token", Where: "StorageUserHeader/TicketToken", Kind: Token},
	{Name: "mspauth", Where: ":Cookie/MSPAuth", Kind: Token},
	{Name: "cid", Where: "profileHandle/Alias/Name", Kind: ID},
	{Name: "scenario", Where: "StorageApplicationHeader/Scenario"},
}

const (
	store   = "SchematizedStore"
	stores  = "/schematizedstore.asmx /schematizedstore"
	atStore = "storage.msn.com"
)

var otherRows = []Action{
	{Name: "GetProfile", Service: store, Meaning: "own name, message and picture", Paths: stores, Hosts: atStore,
		Asks: "own profile?", Answers: "{friendly} {psm}", Ask: storageAsk,
		Answer: []Param{
			{Name: "friendly", Where: "ExpressionProfile/DisplayName", Kind: Person},
			{Name: "psm", Where: "ExpressionProfile/PersonalStatus", Kind: Person},
			{Name: "picture", Where: "ExpressionProfile/StaticUserTilePublicURL", Kind: URL},
			{Name: "resource", Where: "ExpressionProfile/ResourceID", Kind: ID},
		}},
	{Name: "UpdateProfile", Service: store, Meaning: "changes the own name or message", Paths: stores, Hosts: atStore,
		Asks: "{friendly} {psm}", Answers: "changed",
		Ask: plus(storageAsk, Param{Name: "friendly", Where: "ExpressionProfile/DisplayName", Kind: Person}, Param{Name: "psm", Where: "ExpressionProfile/PersonalStatus", Kind: Person})},
	{Name: store, Service: store, Meaning: "something else of profile and pictures", Paths: stores, Hosts: atStore, Any: true, Ask: storageAsk},
	{Name: "usertile", Service: "storage", Meaning: "somebody's picture", Methods: "GET HEAD", Paths: "/storage/usertile/", Hosts: atStore,
		Ask: []Param{{Name: "token", Where: "?t", Kind: Token}}, Asks: "a picture", Answers: "a picture"},
	{Name: "tabs", Service: "config", Meaning: "which tabs the client shows", Methods: "GET POST", Hosts: "svcs.microsoft.com",
		Paths: "/svcs/mms/tabs.asp /svcs/mms/portal.asp /svcs/mms/abch_config.asp", Asks: "tabs?", Answers: "tabs"},
	{Name: "porttest", Service: "gateway", Meaning: "tries whether a port can be reached", Paths: "/", Empty: true, Asks: "is the port open?", Answers: "it is"},
}
