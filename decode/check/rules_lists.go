package check

// Lists and groups. Up to MSNP7 entries are numbered; from MSNP10 on lists are
// another matter, from MSNP13 on they leave the protocol.
var listRules = []Rule{
	{ID: "lists.again", Severity: note, First: 2, Last: 12, Source: "MSNP2, SYN",
		About: "SYN is sent more than once on a connection. Once in a sign-in is what it is for; from MSNP8 on too many earn error 800."},
	{ID: "lists.unneeded", Severity: note, First: 2, Last: 7, Source: "MSNP2, SYN",
		About: "The server sends the list in answer to SYN although its list-version is the one that the client has cached: nothing more should follow then."},
	{ID: "lists.version", Severity: warning, First: 2, Last: 9, Source: "MSNP2, SYN",
		About: "The list-version in a message of the server is lower than in an earlier one. It counts changes; a client that caches the list relies on it."},
	{ID: "lists.swapped", Severity: warning, First: 2, Last: 7, Source: "MSNP2, LST",
		About: "LST has the number of entries before the number of the entry. It is the other way round in all documents; a client that takes the list to be at its end when both are equal goes wrong. Some servers of today do it. Said once for each connection."},
	{ID: "lists.order", Severity: warning, First: 2, Last: 7, Source: "MSNP2, LST",
		About: "The entries of a list are not numbered 1, 2, 3 and so on: one is left out, comes twice, or too late."},
	{ID: "lists.count", Severity: warning, First: 2, Last: 12, Source: "MSNP2, LST; MSNP8, SYN",
		About: "A list has other than the announced number of entries: the next list begins too early, or the total changes on the way. There is no end mark; the numbers are all that a client has. From MSNP8 on it is the contact list as a whole, whose number of entries SYN announces."},
	{ID: "lists.twice", Severity: warning, First: 2, Last: 12, Source: "MSNP2, LST",
		About: "An account is on the same list twice, by the entries of one list; from MSNP8 on, in the contact list."},
	{ID: "lists.both", Severity: warning, First: 2, Source: "MSNP2, ADD; MSNP13, ADL",
		About: "An account is on the allow list and on the block list, or is put on both. They exclude each other: error 219, and 241 from MSNP13 on."},
	{ID: "lists.reverse", Severity: warning, First: 2, Last: 12, Source: "MSNP2, ADD; MSNP10, REM",
		About: "The client wants to change its reverse list, which only the server does. The server disconnects it. From MSNP10 on a client may put somebody there who is on its pending list."},
	{ID: "lists.pending", Severity: warning, First: 10, Last: 12, Source: "MSNP10, ADC",
		About: "The client wants to put somebody on its pending list, which only the server does. The server disconnects it. To take somebody off is for the client."},
	{ID: "lists.bits", Severity: warning, First: 13, Source: "MSNP13, ADL and RML",
		About: "The list bits (l) of somebody in ADL or RML are of no list, or there are none, or ADL puts somebody on RL (8) or PL (16), which only the server does. The error is 241."},
	{ID: "lists.network", Severity: warning, First: 13, Source: "MSNP13, ADL and RML",
		About: "The network (t) of somebody in ADL or RML is no number up to 255. The error is 204."},
	{ID: "lists.nameless", Severity: warning, First: 13, Source: "MSNP13, ADL and RML",
		About: "An element of ADL or RML does not name the domain, or the account, that it is for. The error is 241."},
	{ID: "lists.empty", Severity: warning, First: 13, Source: "MSNP13, ADL and RML",
		About: "ADL or RML names nobody. The error is 240. Only the first list of a sign-in, which says so by l=\"1\", may be empty."},
	{ID: "lists.initial", Severity: note, First: 13, Source: "MSNP13, ADL",
		About: "A list says that it is the first one of the sign-in (l=\"1\" of ml) although others have been sent, or has another l, or is an RML. RFS asks for all lists again."},
	{ID: "lists.size", Severity: warning, First: 13, Source: "MSNP13, ADL and RML",
		About: "ADL or RML has more than 7,500 bytes, which is as much as servers take. Longer lists go in several."},
	{ID: "lists.group", Severity: warning, First: 7, Last: 12, Source: "MSNP7, LST",
		About: "A contact is in a group that LSG did not list and ADG did not add."},
	{ID: "lists.group-id", Severity: warning, First: 7, Last: 9, Source: "MSNP7, ADG",
		About: "A group id is more than 29. An account has 30 groups at most, with ids from 0 to 29; a server disconnects a client that names another."},
	{ID: "lists.property", Severity: note, First: 5, Source: "MSNP5, PRP",
		About: "The property is none of PHH, PHW, PHM, MOB and MBE, nor one of the later ones that are known by name (WWE, MFN, HSB and some others). To a client that sets one the server says 715."},
}

// Presence.
var presenceRules = []Rule{
	{ID: "presence.status", Severity: note, First: 2, Source: "MSNP2, CHG",
		About: "The status is none of NLN, BSY, IDL, BRB, AWY, PHN, LUN, HDN and FLN. Clients take an unknown one for some way of being online; a server may disconnect the client that sets it. Said once for each status."},
	{ID: "presence.offline", Severity: warning, First: 2, Source: "MSNP2, NLN",
		About: "NLN or ILN carries HDN or FLN. Who is offline or hidden is reported by FLN, or not at all."},
	{ID: "presence.stranger", Severity: warning, First: 2, Last: 7, Source: "MSNP2, ILN",
		About: "The status of somebody is reported who is not on the forward list, as far as the whole list was seen on this connection. Clients have no place to show it."},
	{ID: "presence.other", Severity: note, First: 2, Source: "MSNP2, CHG",
		About: "The server answers CHG with another status than the one asked for. What it says is what holds."},
}

// Names and limits.
var nameRules = []Rule{
	{ID: "name.length", Severity: warning, First: 2, Source: "MSNP2, REA",
		About: "A friendly name has more than 387 bytes as it stands on the line: 129 characters, each escaped."},
	{ID: "name.handle", Severity: warning, First: 2, Source: "MSNP2, USR",
		About: "A handle has more than 129 bytes, which no account has."},
	{ID: "name.group", Severity: warning, First: 7, Last: 12, Source: "MSNP7, ADG and REG",
		About: "The name of a new group has more than 61 bytes as it stands on the line (error 229), or that of a renamed one more than 127 (the server disconnects)."},
	{ID: "name.phone", Severity: warning, First: 5, Source: "MSNP5, PRP",
		About: "A phone number (PHH, PHW, PHM) has more than 95 bytes. The server disconnects a client that sets one."},
	{ID: "name.escape", Severity: note, First: 2, Source: "MSNP2, REA",
		About: "A name has a % that is not followed by two hex digits. Servers of today send names with only the blanks escaped; a client that decodes them strictly fails. Said once for each name."},
	{ID: "name.raw", Severity: note, First: 2, Source: "MSNP2, REA",
		About: "A name in a command of the client has bytes beyond ASCII that are not escaped. All clients of Microsoft's escape them. That servers send names as they are is nothing unusual: Microsoft's did. Said once for each name."},
	{ID: "name.utf-8", Severity: note, First: 2, Source: "MSNP2, REA",
		About: "A name, its escapes undone, is not UTF-8. Others see other characters than the sender. Said once for each name."},
}
