// Package p2p decodes MSNP2P (MSNC), by which clients from MSNP9 on hand each other
// files, pictures, emoticons and winks, and invite each other to webcams and games:
// packets of both versions, what they carry put together again, MSNSLP, descriptions
// of objects, and the framing of direct connections.
//
// Nothing in it does I/O, nothing fails but by saying what is wrong, and memory
// follows what has come, never what a packet announces.
//
// # Packets
//
// A packet of version 1 (MSNP9 and later) has a header of 48 bytes, all numbers with
// the low byte first; one of version 2 (MSNP16, where both sides are end points) a
// header of 8 bytes and more, all numbers with the high byte first, with pieces of
// type, length and value, and a header of the data in front of the data. Both are
// followed by an application id of four bytes, high byte first, where they travel on
// a switchboard, and by nothing on a direct connection.
//
// What is too long for a packet is cut up. What belongs together is a blob here: in
// version 1 the packets of one sender with one identifier, in version 2 those with one
// package number.
//
// # Sources
//
// The pages of MSNPiki and of yellows111's wiki; what libpurple, papyon (emesene),
// aMSN and MSNP-Sharp write and accept. Where they disagree what any of them sends is
// read: the byte order of the capabilities in version 2, the length of the description
// of a file (574, 637 or 638 bytes), names of applications.
package p2p
