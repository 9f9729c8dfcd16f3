package decode

import "bytes"

// After FIL the sending side of MSNFTP is binary: blocks of a three-byte header
// and data. The header is the type (0 data, 1 end or cancelled) and the data's
// length, low byte first. Some senders leave the end block out and just stop
// when the announced size is sent.

// blocksFollow reports whether blocks follow this command line, and how many
// bytes of file they are to carry.
func blocksFollow(line []byte) (size int64, ok bool) {
	v := lookup(line)
	if v == nil || !v.Blocks {
		return 0, false
	}
	arg := bytes.TrimSpace(line[3:])
	n, ok := decimal(arg)
	return n, ok
}

// inBlocks reports whether the buffer starts with a block; if the file is
// complete, or these are no blocks after all, it goes back to lines.
func (f *Framer) inBlocks() bool {
	if t := f.buf[0]; t == 1 || t == 0 && f.left > 0 {
		return true
	}
	f.blocks = false
	return false
}

// nextBlock emits the block at the start of the buffer if it is whole.
func (f *Framer) nextBlock(fr *Frame) bool {
	b := f.buf
	if len(b) < blockHeader {
		return false
	}
	n := int(b[1]) | int(b[2])<<8
	f.need = blockHeader + n
	if len(b) < f.need {
		return false
	}
	if b[0] == 1 {
		f.blocks = false
	}
	f.left -= int64(n)
	return f.emit(fr, Block, f.need)
}

// BlockMissing returns how many bytes a block lacks to be what its header says;
// raw is what is there of it.
func BlockMissing(raw []byte) int {
	if len(raw) < blockHeader {
		return 0
	}
	return max(0, blockHeader+(int(raw[1])|int(raw[2])<<8)-len(raw))
}
