package check

// P2P: what clients hand each other.
var peerRules = []Rule{
	{ID: "p2p.total", Severity: warning, First: 2, Source: "MSNP9, P2P version 1",
		About: "Packets of one blob name different total sizes. The receiver makes room, or waits for the end, by the one or the other."},
	{ID: "p2p.gap", Severity: warning, First: 2, Source: "MSNP9, P2P",
		About: "A session ends, and some of its data never came, though later data did: what the receiver has got is broken. Not said where a direct connection was offered, which may not be in the recording."},
	{ID: "p2p.ack", Severity: warning, First: 2, Source: "MSNP9, P2P",
		About: "An acknowledgement does not fit what it is for: its unique id is not the one that the packet had, its size is not the blob's, or it acknowledges what was never sent. Clients take the blob for lost."},
	{ID: "p2p.sha1d", Severity: fault, First: 2, Source: "MSNP9, msnobj",
		About: "All of an object has come, and the SHA-1 of its data is not SHA1D of the description that it was asked for by. Clients throw it away."},
	{ID: "p2p.sha1c", Severity: warning, First: 2, Source: "MSNP9, msnobj",
		About: "SHA1C of a description is not the SHA-1 of its attributes from Creator to SHA1D: the description was changed, or made wrongly. Clients may not ask for the object. Said once for each description on a connection."},
	{ID: "p2p.slp", Severity: note, First: 2, Source: "MSNP9, MSNSLP",
		About: "Content-Length of a message of MSNSLP is not the length of what follows its headers, the NUL at the end included. Some clients cut the body there, others wait for more."},
	{ID: "p2p.size", Severity: warning, First: 2, Source: "MSNP9, P2P",
		About: "The data of a transfer is longer than the invitation to the file says, or has not the Size of the object's description. Clients cut it off, wait for more, or take it for damaged."},
	{ID: "p2p.range", Severity: warning, First: 2, Source: "MSNP9, P2P",
		About: "An offset or a size is 2^63 bytes or more, or a packet's data stands beyond the end that it gives its blob. Nobody has so much to send: programs that calculate with such numbers without care write where they should not. Said once for each transfer."},
	{ID: "p2p.altered", Severity: warning, First: 2, Source: "MSNP9, P2P",
		About: "A part of a content came twice, and the second time with other bytes: sent so, or changed on the way to the other client. The first 64 KiB are compared however they are cut, what is behind them packet by packet. Said once for each transfer."},
	{ID: "p2p.nonce", Severity: warning, First: 2, Source: "MSNP9, direct connections",
		About: "What lets in to a direct connection is not the nonce that was offered for it, nor what Hashed-Nonce is the hash of; or data comes before it. Clients close such a connection: it is somebody else's, or meant for another transfer."},
	{ID: "p2p.direct", Severity: warning, First: 2, Source: "MSNP9, direct connections",
		About: "What comes on a direct connection is no packet, or longer than any is: the sender counts wrongly, or speaks another protocol. What follows can't be read."},
	{ID: "p2p.bye", Severity: note, First: 2, Source: "MSNP9, MSNSLP",
		About: "The data of a session came, and the connections that it came by ended without a BYE for the session. Not said where a direct connection was offered, on which it may have been said."},
}
