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
// already given.
//
// # Limits
//
// Whatever the size of the file, a Reader holds at most 32 MiB of bytes that wait
// for others, and 32768 connections. Past that, the connection that was silent
// for the longest is given up: what it has comes out, its Closed record says why,
// and what comes later on it is a new connection that starts in mid-stream.
package capture
