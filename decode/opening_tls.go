package decode

import (
	"encoding/binary"
	"fmt"
)

const adviceTLS = "msnproxy reads MSNP in clear: turn TLS off, or use the port where it is spoken plainly (1863); TLS with a web service of the sign-in is read with --web HOST=URL"

const (
	recordHeader   = 5  // of TLS: type, version, length
	helloHeader    = 4  // of a handshake message: type, length
	ssl2HelloLeast = 11 // bytes of an SSL 2.0 hello before its lists
)

// tlsHello recognises the first record of TLS or SSL 3.0: a hello or an alert.
func tlsHello(b []byte, _ Sender) (Opening, Guess) {
	const alert, handshake = 21, 22
	if b[0] != handshake && b[0] != alert || len(b) > 1 && b[1] != 3 || len(b) > 2 && b[2] > 4 {
		return Opening{}, No
	}
	if len(b) <= recordHeader {
		return Opening{}, Maybe
	}
	size := int(binary.BigEndian.Uint16(b[3:]))
	if b[0] == alert {
		if size != 2 {
			return Opening{}, No
		}
		if len(b) < recordHeader+2 {
			return Opening{}, Maybe
		}
		return Opening{Name: "TLS", Text: fmt.Sprintf("a TLS alert (%d)", b[6]), Advice: adviceTLS}, Yes
	}
	body := b[recordHeader:min(len(b), recordHeader+size)]
	const clientHello, serverHello = 1, 2
	if len(body) == 0 || body[0] != clientHello && body[0] != serverHello {
		return Opening{}, No
	}
	o := Opening{Name: "TLS", Advice: adviceTLS, Partial: len(body) < size}
	version, host := readHello(body)
	if tlsName(version) == "TLS" {
		version = binary.BigEndian.Uint16(b[1:])
	}
	o.Text = "a hello of " + tlsName(version)
	if body[0] == serverHello {
		o.Text += " from a server"
	}
	if host != "" {
		o.Target = host
		o.Text += " for " + host
	}
	return o, Yes
}

// tlsName names a version of TLS or SSL as the wire has it.
func tlsName(v uint16) string {
	switch {
	case v == 2:
		return "SSL 2.0"
	case v == 0x300:
		return "SSL 3.0"
	case v > 0x300 && v <= 0x304:
		return fmt.Sprintf("TLS 1.%d", v-0x301)
	}
	return "TLS"
}

// readHello returns the newest version that a hello names and the host that a
// client's is for, as far as its bytes are here.
func readHello(hello []byte) (version uint16, host string) {
	r := cutter{b: hello}
	client := r.number(1) == 1
	r.skip(3)
	version = uint16(r.number(2))
	r.skip(32)          // random
	r.skip(r.number(1)) // session id
	if client {
		r.skip(r.number(2)) // cipher suites
		r.skip(r.number(1)) // compressions
	} else {
		r.skip(3)
	}
	r.number(2)
	for r.ok && len(r.b) > 0 {
		kind := r.number(2)
		e := cutter{b: r.take(r.number(2)), ok: true}
		if !r.ok {
			break
		}
		const serverName, supportedVersions = 0, 43
		switch kind {
		case serverName:
			e.skip(3)
			name := e.take(e.number(2))
			host = plain(name[:min(len(name), 253)])
		case supportedVersions:
			if client {
				e.skip(1)
			}
			for len(e.b) >= 2 {
				// The others are there to be ignored (RFC 8701).
				if v := uint16(e.number(2)); v > version && v <= 0x304 {
					version = v
				}
			}
		}
	}
	return version, host
}

// ssl2 recognises a client's hello in the form of SSL 2.0, which clients of the
// time sent to offer newer ones, too.
func ssl2(b []byte, _ Sender) (Opening, Guess) {
	if b[0]&0x80 == 0 || len(b) > 2 && b[2] != 1 {
		return Opening{}, No
	}
	if len(b) < ssl2HelloLeast {
		if len(b) > 3 && !(b[3] == 3 || b[3] == 0) {
			return Opening{}, No
		}
		return Opening{}, Maybe
	}
	size := int(b[0]&0x7f)<<8 | int(b[1])
	version := binary.BigEndian.Uint16(b[3:])
	ciphers, id, challenge := int(binary.BigEndian.Uint16(b[5:])), int(binary.BigEndian.Uint16(b[7:])), int(binary.BigEndian.Uint16(b[9:]))
	if version != 2 && (version < 0x300 || version > 0x304) || ciphers%3 != 0 || ciphers == 0 || size != ssl2HelloLeast-2+ciphers+id+challenge {
		return Opening{}, No
	}
	o := Opening{Name: "SSLv2", Text: "a hello in the form of SSL 2.0", Advice: "turn SSL 2.0 off where the client takes its settings from (Internet options, Advanced): no server of today answers it; or let the client use plain HTTP, or the port where MSNP is spoken plainly (1863)"}
	if version != 2 {
		o.Text += " that offers " + tlsName(version)
	}
	return o, Yes
}

// cutter takes big-endian numbers and bytes from the front of b. ok turns false, and
// b empty, where there are not enough; set ok where it is used from the start.
type cutter struct {
	b  []byte
	ok bool
}

func (c *cutter) take(n int) []byte {
	if n > len(c.b) {
		c.b, c.ok = nil, false
		return nil
	}
	t := c.b[:n]
	c.b, c.ok = c.b[n:], true
	return t
}

func (c *cutter) skip(n int) { c.take(n) }

func (c *cutter) number(bytes int) int {
	n := 0
	for _, d := range c.take(bytes) {
		n = n<<8 | int(d)
	}
	return n
}
