package capture

import "fmt"

// CorruptError says where a capture is damaged. Everything before that place has
// been read when it is returned.
type CorruptError struct {
	// Path is the file's name as it was given to Open or OpenReader.
	Path string
	// Offset is where the damaged packet record or block begins, in bytes from
	// the start of the file; of a compressed file, from the start of what it
	// holds.
	Offset int64
	// What is wrong there.
	What string
	// Gzip says that the file is compressed.
	Gzip bool
}

// Error says what to do, too.
func (e *CorruptError) Error() string {
	if e.Gzip {
		return fmt.Sprintf("%s: damaged at byte %d of the uncompressed data: %s; everything before it was read",
			e.Path, e.Offset, e.What)
	}
	return fmt.Sprintf("%s: damaged at byte %d: %s; everything before it was read (to go without the rest, keep the first %d bytes: head -c)",
		e.Path, e.Offset, e.What, e.Offset)
}

// FormatError says that something is no recording.
type FormatError struct {
	Path string
	// What it is, or seems to be.
	What string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s: not a recording: %s; wanted a capture (pcap, pcapng, gzip of either) or a transcript (lines that begin with \"C: \" or \"S: \")",
		e.Path, e.What)
}

// TranscriptError says which line of a transcript can't be read, and why.
type TranscriptError struct {
	Path string
	// Line counts from 1.
	Line int
	What string
}

func (e *TranscriptError) Error() string {
	return fmt.Sprintf("%s: line %d: %s", e.Path, e.Line, e.What)
}
