package check

// Switchboards.
var switchboardRules = []Rule{
	{ID: "switchboard.hidden", Severity: note, First: 2, Last: 12, Source: "MSNP2, XFR",
		About: "The client asks for a switchboard before its first CHG, or while it is hidden. The server says 913."},
	{ID: "switchboard.cookie", Severity: warning, First: 2, Source: "MSNP2, USR and ANS",
		About: "A client comes to a switchboard with a cookie that no XFR SB or RNG gave out, although its sign-in was seen from the beginning."},
	{ID: "switchboard.reused", Severity: warning, First: 2, Source: "MSNP2, USR and ANS",
		About: "A cookie is shown more often than it was given out. It is good for one connection."},
	{ID: "switchboard.shared", Severity: note, First: 2, Source: "MSNP2, RNG",
		About: "The server gives the same cookie out again. Everybody who is called, and the caller, has a cookie of their own; who knows another's could come in their place."},
	{ID: "switchboard.unused", Severity: note, First: 2, Source: "MSNP2, RNG and XFR",
		About: "Nobody came to a switchboard with the cookie of an XFR SB or RNG before the connection that it was given on ended: a call that was not answered, or a switchboard that is not in the recording. Nobody has to answer a call."},
	{ID: "switchboard.late", Severity: note, First: 2, Source: "MSNP2, USR and ANS",
		About: "A cookie is shown more than three minutes after it was given out. Servers keep them for two or three."},
	{ID: "switchboard.handle", Severity: warning, First: 2, Source: "MSNP2, USR and ANS",
		About: "Another account shows a cookie than the one that it was given to."},
	{ID: "switchboard.session", Severity: warning, First: 2, Source: "MSNP2, ANS and CAL",
		About: "ANS names another session than the RNG with this cookie, or CAL another than before on this connection. Servers close the connection of who answers with a wrong one."},
	{ID: "switchboard.order", Severity: warning, First: 2, Source: "MSNP2, USR and ANS",
		About: "CAL or MSG comes before the switchboard has answered USR or ANS with OK. It is said of the JOI that came before, if one did: clients take that for the answer, and the switchboard is to wait with it. Said once for each connection."},
	{ID: "switchboard.roster", Severity: warning, First: 2, Source: "MSNP2, IRO",
		About: "The number of people that IRO announces is not the number of IROs before ANS OK. A client that waits for the others shows nobody."},
	{ID: "switchboard.ringing", Severity: note, First: 2, Source: "MSNP2, CAL",
		About: "Somebody was called, the server said RINGING, and nobody came before the connection ended."},
	{ID: "switchboard.present", Severity: warning, First: 2, Source: "MSNP2, JOI",
		About: "JOI or IRO names somebody who is in the conversation already, and has not left. Up to MSNP15; later dialects tell of each end point."},
	{ID: "switchboard.stranger", Severity: warning, First: 2, Source: "MSNP2, MSG and BYE",
		About: "MSG or BYE comes from somebody who has not joined, or has left. Said once for each of them."},
	{ID: "switchboard.nobody", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A client sends a message before anybody else is in the conversation: nobody gets it. It should wait for JOI. Said once for each connection."},
	{ID: "switchboard.size", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "The payload of a message on a switchboard has more than 1664 bytes, headers included. Servers close the connection of who sends one."},
	{ID: "switchboard.mode", Severity: warning, First: 2, Last: 8, Source: "MSNP9, MSG",
		About: "A message asks for the acknowledgement D, which came with MSNP9. Servers close the connection on an unknown one."},
	{ID: "switchboard.ack", Severity: warning, First: 2, Source: "MSNP2, ACK",
		About: "ACK comes for a message that did not ask for it. U asks for no answer at all, N for a NAK if it could not be delivered; only A, and D from MSNP9 on, for an ACK."},
	{ID: "switchboard.nak", Severity: warning, First: 2, Source: "MSNP2, NAK",
		About: "NAK comes for a message that asked for no answer at all (U)."},
}

// What comes of a message on the connections of the others in the conversation. They
// speak where these are recorded, too.
var deliveryRules = []Rule{
	{ID: "delivery.lost", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A message has not come to somebody who was in the conversation, and whose connection was open for ten seconds after it. The server said neither ACK nor NAK. By way of a notification server (SDG, UUM) it is expected where the other end has had part in the conversation before, and is to be seen online."},
	{ID: "delivery.acked-not-delivered", Severity: fault, First: 2, Source: "MSNP2, ACK",
		About: "The same, but the server has said ACK: the sender takes the message for read."},
	{ID: "delivery.nak-but-delivered", Severity: warning, First: 2, Source: "MSNP2, NAK",
		About: "The server has said NAK, but everybody in the conversation has got the message. The sender says it again."},
	{ID: "delivery.altered", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "What comes to somebody in the conversation is not what was said. Other headers with the same text are no fault."},
	{ID: "delivery.twice", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A message comes to somebody twice, although it was said once."},
	{ID: "delivery.late", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A message has taken more than five seconds to somebody in the conversation."},
}

// Keep-alive and leaving, and file transfers.
var sessionRules = []Rule{
	{ID: "session.ping", Severity: warning, First: 2, Source: "MSNP2, PNG",
		About: "PNG has no QNG by the time the client sends the next one. Clients take the connection for dead."},
	{ID: "session.pong", Severity: warning, First: 2, Source: "MSNP2, QNG",
		About: "QNG comes although no PNG was sent that it could answer."},
	{ID: "session.after-out", Severity: warning, First: 2, Source: "MSNP2, OUT",
		About: "The client or the server goes on after its own OUT, which ends the connection. Said once for each side."},
	{ID: "session.reason", Severity: note, First: 2, Source: "MSNP2, OUT",
		About: "The reason that the server's OUT gives is not known, or is of a later dialect: OTH and SSD are of all, MIG and TOU came with MSNP10, RCT with MSNP11."},
	{ID: "transfer.size", Severity: fault, First: 2, Source: "MSNFTP, FIL and BYE",
		About: "The receiver of a file says that all of it has come, but the blocks have other than the announced number of bytes."},
}
