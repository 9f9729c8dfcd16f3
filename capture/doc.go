// Package capture is the recording: records of what two peers of MSNP said to
// each other, and the files that hold them.
//
// [Open] reads packet captures (pcap, pcapng, gzip of either) of any program and
// transcripts; [Reader.Next] gives one [Record] after another. MSNP is found by
// looking at the bytes, not by port.
//
// # Reading packets
//
// The bytes of a connection are put in order by sequence number. A repeated byte
// counts once, and the copy that came first is the one that counts. Bytes that
// are missing come out as a record of kind [Lost] when the other end has
// acknowledged them and they still do not come, or when too much waits behind
// them. A connection that the file shows from the middle only, or of which it
// shows one direction, is read all the same.
//
// # Order
//
// Records come out in the order of the packets that completed them. A connection
// about which nothing is known yet, as its first bytes are still to come, holds
// back what came after it: for 2 seconds of the recording's time, 1 MiB or 8192
// events at most. Then the others go ahead, and if that connection turns out to
// be MSNP its first records have times that lie before those of the records
// already given. The Closed record of a connection that was reset comes up to
// 200 ms late, behind bytes that were on their way, with the time of the reset. So
// does a HalfClosed record, with the time of the FIN: it is known for one when the
// other end says something, or has not closed its half for that long.
//
// # Limits
//
// Whatever the size of the file, a Reader holds at most 24 MiB of bytes that wait
// for others, and 16384 connections. Past that, the connection that was silent
// for the longest is given up: what it has comes out, its Closed record says why,
// and what comes later on it is a new connection that starts in mid-stream.
//
// # Transcript
//
// The transcript is the notation that documents of the protocol use:
//
//	C: VER 1 MSNP6 CVR0
//	S: VER 1 MSNP6
//
// A line that begins with "C: " or "S: " is a command of the client or of the
// server; its line end, CRLF, is not written. If it announces a payload, the
// lines after it are the payload: as many as have, joined by CRLF, the length
// that is announced; joined by LF where only that fits. A payload that ends with
// CRLF ends with an empty line.
//
// "C:" alone is an empty line that the client sent. Empty lines of the transcript
// between commands mean nothing. These lines say what happened to the connection:
//
//	Client opens a connection to 10.0.0.5:1863
//	Client opens a connection
//	Client has a connection to 10.0.0.5:1863
//	Client finishes sending
//	Server finishes sending
//	Client disconnects from server
//	Server disconnects client
//	Client resets the connection
//	Server resets the connection
//	The connection ends
//	12 bytes of the client are missing
//	Bytes of the server are missing
//
// ("has": it was there before the recording; who "finishes sending" still hears what
// the other says, as does who disconnects where lines of the other follow.) Connections are numbered in the
// order in which they are opened. Where several are open at a time a line says
// which one the next lines are about:
//
//	Connection 1
//
// What can't be written as lines of text is written with escapes, and says what
// it is:
//
//	S= \n
//	S= OUT
//	C# \x00\x03\x00abc
//	C? \xff\xfe
//
// After = stands a command with its line end and payload, after # a block of a
// file (MSNFTP), after ? bytes that are no command. The escapes are \r \n \t \\
// and \xHH for one byte. Lines that begin with "C+ " or "S+ " go on with the
// bytes of the line before.
//
// Any other line is a remark; a "# " before it is not part of it. A transcript
// has no times, no addresses of clients, and not what a proxy sent on instead of
// what it received, but as a remark.
package capture
