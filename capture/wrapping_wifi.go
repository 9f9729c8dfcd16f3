package capture

import (
	"bytes"
	"encoding/binary"

	"github.com/gopacket/gopacket/layers"
)

// inRadiotap goes on behind a radiotap header, which tells whether there is padding
// between header and body, and whether the frame is damaged.
func (d *dissector) inRadiotap(b []byte) ([]byte, layers.LinkType) {
	const (
		more    = 1 << 31
		hasTSFT = 1 << 0
		hasFlag = 1 << 1
		dataPad = 0x20
		badFCS  = 0x40
	)
	if len(b) < 8 || b[0] != 0 {
		return nil, linkNone
	}
	n, present := int(binary.LittleEndian.Uint16(b[2:])), binary.LittleEndian.Uint32(b[4:])
	at := 8
	for word := present; word&more != 0 && at+4 <= len(b) && at < n; at += 4 {
		word = binary.LittleEndian.Uint32(b[at:])
	}
	if present&hasTSFT != 0 {
		at = (at+7)&^7 + 8
	}
	if n < 8 || len(b) <= n {
		return nil, linkNone
	}
	if present&hasFlag != 0 && at < n {
		if b[at]&badFCS != 0 {
			return d.named("802.11, damaged (bad check sequence): not looked into")
		}
		d.wifiPad = b[at]&dataPad != 0
	}
	return b[n:], layers.LinkTypeIEEE802_11
}

// inPrism goes on behind a Prism header, or what passes for one.
func inPrism(d *dissector, b []byte) ([]byte, layers.LinkType) {
	if len(b) < 8 {
		return nil, linkNone
	}
	if binary.BigEndian.Uint32(b)>>12 == 0x80211 {
		return inAVS(d, b)
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n > 4096 {
		n = binary.BigEndian.Uint32(b[4:])
	}
	if n < 8 || n > 4096 {
		return nil, linkNone
	}
	return from(b, int(n), layers.LinkTypeIEEE802_11)
}

func inAVS(d *dissector, b []byte) ([]byte, layers.LinkType) {
	if len(b) < 8 || binary.BigEndian.Uint32(b[4:]) < 8 || binary.BigEndian.Uint32(b[4:]) > 4096 {
		return nil, linkNone
	}
	return from(b, int(binary.BigEndian.Uint32(b[4:])), layers.LinkTypeIEEE802_11)
}

func inPPI(d *dissector, b []byte) ([]byte, layers.LinkType) {
	if len(b) < 8 || b[0] != 0 {
		return nil, linkNone
	}
	n, link := int(binary.LittleEndian.Uint16(b[2:])), layers.LinkType(binary.LittleEndian.Uint32(b[4:]))
	if n < 8 || link == linkPPI || linkWrappings[link] == nil {
		return nil, linkNone
	}
	return from(b, n, link)
}

var snapHeader = []byte{0xaa, 0xaa, 3}

// inWiFi finds the packet in a data frame of IEEE 802.11, or the first of several.
func (d *dissector) inWiFi(b []byte) ([]byte, layers.LinkType) {
	const (
		data, noData, qos = 2, 4, 8 // type, and bits of the subtype

		toDS, fromDS, moreFragments, protected, order = 0x01, 0x02, 0x04, 0x40, 0x80
	)
	pad := d.wifiPad
	d.wifiPad = false
	if len(b) < 24 || b[0]>>2&3 != data || b[0]>>4&noData != 0 {
		return nil, linkNone
	}
	flags, n, several := b[1], 24, false
	if flags&(toDS|fromDS) == toDS|fromDS {
		n += 6
	}
	if b[0]>>4&qos != 0 {
		if len(b) < n+2 {
			return nil, linkNone
		}
		several = b[n]&0x80 != 0
		if n += 2; flags&order != 0 {
			n += 4
		}
	}
	if pad {
		n = (n + 3) &^ 3
	}
	if flags&protected != 0 {
		return d.named("802.11, encrypted (WEP or WPA): not looked into (Wireshark and airdecap-ng decrypt it, with the key)")
	}
	if flags&moreFragments != 0 || b[22]&15 != 0 {
		return d.named("802.11, fragments of frames: not put together")
	}
	if len(b) <= n {
		return nil, linkNone
	}
	body := b[n:]
	if several {
		return d.inAggregate(body)
	}
	// Padding of some drivers, and the header of a mesh, come before the SNAP.
	for _, skip := range []int{0, 2, 6, 12, 18} {
		if len(body) > skip && bytes.HasPrefix(body[skip:], snapHeader) {
			return body[skip:], linkLLC
		}
	}
	return body, linkLLC
}

// inAggregate takes an A-MSDU apart: each packet has an Ethernet-like header, with
// its length, and is padded to four bytes.
func (d *dissector) inAggregate(b []byte) ([]byte, layers.LinkType) {
	const header = 14
	var first []byte
	for len(b) > header {
		n := int(binary.BigEndian.Uint16(b[12:]))
		msdu := b[header:min(len(b), header+n)]
		if first == nil {
			first = msdu
		} else {
			d.more = append(d.more, msdu)
		}
		b = b[min(len(b), (header+n+3)&^3):]
	}
	if first == nil {
		return nil, linkNone
	}
	return first, linkLLC
}
