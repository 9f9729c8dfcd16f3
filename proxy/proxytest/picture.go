package proxytest

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
)

// Picture is a display picture, made here so that nobody's is needed: rings of two
// colours.
type Picture struct {
	Data   []byte // PNG
	Object string // the <msnobj> that describes it
}

// NewPicture draws the picture of an account.
func NewPicture(creator string, inner, outer color.Color) Picture {
	const size, middle = 64, 32
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			far := (x-middle)*(x-middle) + (y-middle)*(y-middle)
			if far/128%2 == 0 {
				img.Set(x, y, inner)
			} else {
				img.Set(x, y, outer)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a buffer takes everything
	}
	p := Picture{Data: b.Bytes()}
	sum := func(b []byte) string { h := sha1.Sum(b); return base64.StdEncoding.EncodeToString(h[:]) }
	data, n := sum(p.Data), len(p.Data)
	whole := sum(fmt.Appendf(nil, "Creator%sSize%dType3Locationdemo.pngFriendlyAAA=SHA1D%s", creator, n, data))
	p.Object = fmt.Sprintf(`<msnobj Creator="%s" Size="%d" Type="3" Location="demo.png" Friendly="AAA=" SHA1D="%s" SHA1C="%s"/>`, creator, n, data, whole)
	return p
}

// Packets of P2P version 2 (MSNP16 and later): a header, a header of the data with a
// package number and a session, the data, a footer. Numbers are big-endian.

const (
	objectApplication = 12   // a display picture, in the footer and in AppID
	mostData          = 1222 // in a packet, as the official client has it
	syn, rak          = 1, 2
)

// peer is one end of a P2P talk on a switchboard.
type peer struct {
	sb       *Switchboard
	ctx      context.Context
	from, to string // with end points
	sequence uint32
	number   uint16 // of the package
	told     bool   // the first packet, with what this program can, is sent
}

// packet sends one packet. left is what remains of the package after it.
func (p *peer) packet(session uint32, kind byte, data []byte, left, footer uint32, first, ask bool) error {
	var body []byte
	if len(data) > 0 {
		dataHeader := []byte{8, kind}
		if first {
			dataHeader[1] |= 1
		}
		dataHeader = binary.BigEndian.AppendUint16(dataHeader, p.number)
		dataHeader = binary.BigEndian.AppendUint32(dataHeader, session)
		if left > 0 {
			dataHeader[0] = 20
			dataHeader = append(dataHeader, 1, 8)
			dataHeader = binary.BigEndian.AppendUint64(dataHeader, uint64(left))
			dataHeader = append(dataHeader, 0, 0)
		}
		body = append(dataHeader, data...)
	}
	header := []byte{8, 0, 0, 0}
	var about []byte
	if !p.told {
		header[1] |= syn
		about = append(about, 1, 12, 2, 0, 0, 0, 0x0e, 0, 0, 0, 0x0f, 1, 0, 0)
		p.told = true
	}
	if ask {
		header[1] |= rak
	}
	return p.send(header, about, body, footer)
}

// acknowledge says that a packet has come; its sequence and length are the argument's
// sum.
func (p *peer) acknowledge(next uint32) error {
	return p.send([]byte{8, 0, 0, 0}, binary.BigEndian.AppendUint32([]byte{2, 4}, next), nil, 0)
}

func (p *peer) send(header, about, body []byte, footer uint32) error {
	for len(about)%4 != 0 {
		about = append(about, 0)
	}
	header[0] = byte(8 + len(about))
	binary.BigEndian.PutUint16(header[2:], uint16(len(body)))
	header = binary.BigEndian.AppendUint32(header, p.sequence)
	p.sequence += uint32(len(body))
	packet := append(append(header, about...), body...)
	packet = binary.BigEndian.AppendUint32(packet, footer)
	payload := mime("application/x-msnmsgrp2p", []string{"P2P-Dest: " + p.to, "P2P-Src: " + p.from}) + string(packet)
	_, err := p.sb.Message(p.ctx, "D", payload)
	return err
}

// say sends a package, cut into packets.
func (p *peer) say(session uint32, kind byte, data []byte, footer uint32) error {
	p.number++
	for first := true; len(data) > 0; first = false {
		n := min(len(data), mostData)
		if err := p.packet(session, kind, data[:n], uint32(len(data)-n), footer, first, first && session == 0); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// slp writes a message of MSNSLP.
func (p *peer) slp(start, branch, call string, sequence int, kind, body string) []byte {
	if body != "" {
		body = strings.ReplaceAll(body, "\n", "\r\n")
	}
	body += "\r\n\x00"
	return fmt.Appendf(nil, "%s\r\nTo: <msnmsgr:%s>\r\nFrom: <msnmsgr:%s>\r\nVia: MSNSLP/1.0/TLP ;branch={%s}\r\nCSeq: %d\r\nCall-ID: {%s}\r\nMax-Forwards: 0\r\nContent-Type: application/x-msnmsgr-%s\r\nContent-Length: %d\r\n\r\n%s",
		start, p.to, p.from, branch, sequence, call, kind, len(body), body)
}

// receive takes the next P2P packet that is for the peer, and returns its data and the
// sequence that acknowledges it.
func (p *peer) receive() (data []byte, next uint32, err error) {
	for {
		ev, err := p.sb.ExpectType(p.ctx, "application/x-msnmsgrp2p")
		if err != nil {
			return nil, 0, err
		}
		b := []byte(ev.Body())
		if len(b) < 12 || int(b[0])+4 > len(b) {
			return nil, 0, errors.New("what came is no P2P packet of version 2")
		}
		n := binary.BigEndian.Uint16(b[2:])
		if n == 0 {
			continue // an acknowledgement
		}
		body := b[b[0] : len(b)-4]
		if len(body) != int(n) || len(body) < 8 || int(body[0]) > len(body) {
			return nil, 0, errors.New("the lengths of a P2P packet do not agree")
		}
		return body[body[0]:], binary.BigEndian.Uint32(b[4:]) + uint32(n), nil
	}
}

// fetchPicture has the owner's display picture come to the one who asks.
func fetchPicture(ctx context.Context, asks, owner *Switchboard, p Picture) error {
	const (
		session = 1337
		branch  = "6D1C2F3A-0001-4B5E-9F00-0123456789AB"
		reply   = "6D1C2F3A-0002-4B5E-9F00-0123456789AB"
		call    = "6D1C2F3A-0003-4B5E-9F00-0123456789AB"
	)
	him := &peer{sb: asks, ctx: ctx, from: asks.client.handle(), to: owner.client.handle(), sequence: 1000}
	her := &peer{sb: owner, ctx: ctx, from: owner.client.handle(), to: asks.client.handle(), sequence: 50000}
	body := fmt.Sprintf("EUF-GUID: {A4268EEC-FEC5-49E5-95C3-F126696BDBF6}\nSessionID: %d\nAppID: %d\nRequestFlags: 18\nContext: %s\n",
		session, objectApplication, base64.StdEncoding.EncodeToString([]byte(p.Object+"\x00")))
	if err := him.say(0, 0, him.slp("INVITE MSNMSGR:"+him.to+" MSNSLP/1.0", branch, call, 0, "sessionreqbody", body), 0); err != nil {
		return err
	}
	// The invitation fits into one packet or two.
	var invitation []byte
	for !strings.HasSuffix(string(invitation), "\x00") {
		data, next, err := her.receive()
		if err != nil {
			return err
		}
		invitation = append(invitation, data...)
		if err := her.acknowledge(next); err != nil {
			return err
		}
	}
	if err := her.say(0, 0, her.slp("MSNSLP/1.0 200 OK", branch, call, 1, "sessionreqbody", fmt.Sprintf("SessionID: %d\n", session)), 0); err != nil {
		return err
	}
	if err := him.take(1); err != nil {
		return err
	}
	if err := her.say(session, 0, []byte{0, 0, 0, 0}, objectApplication); err != nil {
		return err
	}
	if err := him.take(1); err != nil {
		return err
	}
	if err := her.say(session, 4, p.Data, objectApplication); err != nil {
		return err
	}
	var got []byte
	for len(got) < len(p.Data) {
		data, next, err := him.receive()
		if err != nil {
			return err
		}
		got = append(got, data...)
		if len(got) >= len(p.Data) {
			if err := him.acknowledge(next); err != nil {
				return err
			}
		}
	}
	if !bytes.Equal(got, p.Data) {
		return errors.New("the picture that came is another one")
	}
	if err := him.say(0, 0, him.slp("BYE MSNMSGR:"+him.to+" MSNSLP/1.0", reply, call, 0, "sessionclosebody", ""), 0); err != nil {
		return err
	}
	return her.take(1)
}

// take takes so many packets and acknowledges them.
func (p *peer) take(n int) error {
	for range n {
		_, next, err := p.receive()
		if err != nil {
			return err
		}
		if err := p.acknowledge(next); err != nil {
			return err
		}
	}
	return nil
}
