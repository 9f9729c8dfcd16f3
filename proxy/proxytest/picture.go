package proxytest

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strconv"
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

// picturesFrom is the first dialect with display pictures.
const picturesFrom = 9

// peer is one end of a P2P talk on a switchboard.
type peer struct {
	packets
	from, to string // with end points, if they have any
}

// packets are those of one version of P2P. What is said of a session that is 0 is MSNSLP.
type packets interface {
	// say sends a blob, cut into packets. With object set it is of a picture.
	say(session uint32, data []byte, object bool) error
	// acked waits until all is acknowledged that was said.
	acked() error
	// receive takes the next packet with data. ack acknowledges it, or nothing if that
	// is done by a later packet.
	receive() (data []byte, ack func() error, err error)
	// keys are those of an invitation that tell what it is for.
	keys() string
}

// newPeer returns the end at sb of a talk with to; start is where its numbers begin.
func newPeer(ctx context.Context, sb *Switchboard, to string, start uint32) *peer {
	p := &peer{from: sb.client.handle(), to: to}
	c := carrier{sb: sb, ctx: ctx, headers: []string{"P2P-Dest: " + p.to}}
	if sb.client.number >= endPointsFrom {
		c.headers = append(c.headers, "P2P-Src: "+p.from)
		p.packets = &packetsV2{carrier: c, sequence: start}
	} else {
		p.packets = &packetsV1{carrier: c, id: start}
	}
	return p
}

// carrier sends and takes packets on a switchboard.
type carrier struct {
	sb      *Switchboard
	ctx     context.Context
	headers []string
	kept    [][]byte // came before they were wanted
}

func (c *carrier) send(packet []byte) error {
	_, err := c.sb.Message(c.ctx, "D", mime("application/x-msnmsgrp2p", c.headers)+string(packet))
	return err
}

// next takes the next packet.
func (c *carrier) next() ([]byte, error) {
	if len(c.kept) > 0 {
		b := c.kept[0]
		c.kept = c.kept[1:]
		return b, nil
	}
	ev, err := c.sb.ExpectType(c.ctx, "application/x-msnmsgrp2p")
	return []byte(ev.Body()), err
}

// await takes packets until one is that; what comes before it is kept.
func (c *carrier) await(is func([]byte) bool) error {
	var others [][]byte
	for {
		b, err := c.next()
		if err != nil {
			return err
		}
		if is(b) {
			c.kept = append(others, c.kept...)
			return nil
		}
		others = append(others, b)
	}
}

// slp sends a message of MSNSLP.
func (p *peer) slp(start, branch, call string, sequence int, kind, body string) error {
	body = strings.ReplaceAll(body, "\n", "\r\n") + "\r\n\x00"
	return p.say(0, fmt.Appendf(nil, "%s\r\nTo: <msnmsgr:%s>\r\nFrom: <msnmsgr:%s>\r\nVia: MSNSLP/1.0/TLP ;branch={%s}\r\nCSeq: %d\r\nCall-ID: {%s}\r\nMax-Forwards: 0\r\nContent-Type: application/x-msnmsgr-%s\r\nContent-Length: %d\r\n\r\n%s",
		start, p.to, p.from, branch, sequence, call, kind, len(body), body), false)
}

// take takes what ends in a NUL, in as many packets as it has, and acknowledges it: a
// message of MSNSLP, or that a picture comes next.
func (p *peer) take() (string, error) {
	var all []byte
	var acks []func() error
	for !bytes.HasSuffix(all, []byte{0}) {
		data, ack, err := p.receive()
		if err != nil {
			return "", err
		}
		all, acks = append(all, data...), append(acks, ack)
	}
	for _, ack := range acks {
		if err := ack(); err != nil {
			return "", err
		}
	}
	return string(all), nil
}

// Numbers are what the two ends of a transfer make up.
type Numbers struct {
	// Session is that of the invitation; Asks and Owns are what the packets of the one
	// who asks, and of the one who has the picture, begin to count at.
	Session, Asks, Owns uint32
	// Call, Branch and Close are GUIDs without braces: of the call, of its invitation,
	// and of what ends it.
	Call, Branch, Close string
}

// UsualNumbers are those of a script that is told no others.
func UsualNumbers() Numbers {
	const of = "-4B5E-9F00-0123456789AB"
	return Numbers{Session: 1337, Asks: 1000, Owns: 50000, Branch: "6D1C2F3A-0001" + of, Close: "6D1C2F3A-0002" + of, Call: "6D1C2F3A-0003" + of}
}

// FetchPicture asks the owner, by the name that it has on the switchboard, for its
// display picture, and waits until it is there and the same as want.
func (sb *Switchboard) FetchPicture(ctx context.Context, owner string, want Picture, n Numbers) error {
	p := newPeer(ctx, sb, owner, n.Asks)
	body := fmt.Sprintf("EUF-GUID: {A4268EEC-FEC5-49E5-95C3-F126696BDBF6}\nSessionID: %d\n%sContext: %s\n",
		n.Session, p.keys(), base64.StdEncoding.EncodeToString([]byte(want.Object+"\x00")))
	err := p.slp("INVITE MSNMSGR:"+p.to+" MSNSLP/1.0", n.Branch, n.Call, 0, "sessionreqbody", body)
	if err == nil {
		err = p.acked()
	}
	if err != nil {
		return err
	}
	for _, want := range []string{"MSNSLP/1.0 200 OK", "\x00\x00\x00\x00"} {
		if got, err := p.take(); err != nil {
			return err
		} else if !strings.HasPrefix(got, want) {
			return fmt.Errorf("%s, asked for a picture, says %q and not %q", owner, got, want)
		}
	}
	if err := p.collect(want.Data); err != nil {
		return err
	}
	if err := p.slp("BYE MSNMSGR:"+p.to+" MSNSLP/1.0", n.Close, n.Call, 0, "sessionclosebody", ""); err != nil {
		return err
	}
	return p.acked()
}

// collect takes the picture.
func (p *peer) collect(want []byte) error {
	var got []byte
	for {
		data, ack, err := p.receive()
		if err != nil {
			return err
		}
		if got = append(got, data...); len(got) < len(want) {
			continue
		}
		if !bytes.Equal(got, want) {
			return errors.New("the picture that came is another one")
		}
		return ack()
	}
}

// ShowPicture gives the display picture to the next one who asks, by the name that it
// has on the switchboard, and waits until that one has said that it is there.
func (sb *Switchboard) ShowPicture(ctx context.Context, to string, picture Picture, n Numbers) error {
	p := newPeer(ctx, sb, to, n.Owns)
	invitation, err := p.take()
	if err != nil {
		return err
	}
	branch, call := within(invitation, "branch={", "}"), within(invitation, "Call-ID: {", "}")
	id := within(invitation, "SessionID: ", "\r\n")
	session, err := strconv.ParseUint(id, 10, 32)
	if err != nil || !strings.HasPrefix(invitation, "INVITE ") {
		return fmt.Errorf("%s asks for a picture by %q", to, invitation)
	}
	for _, say := range []func() error{
		func() error {
			return p.slp("MSNSLP/1.0 200 OK", branch, call, 1, "sessionreqbody", "SessionID: "+id+"\n")
		},
		func() error { return p.say(uint32(session), make([]byte, 4), false) },
		func() error { return p.say(uint32(session), picture.Data, true) },
	} {
		if err = say(); err == nil {
			err = p.acked()
		}
		if err != nil {
			return err
		}
	}
	_, err = p.take() // BYE
	return err
}

// fetchPicture has the owner's display picture come to the one who asks.
func fetchPicture(ctx context.Context, asks, owner *Switchboard, p Picture, n Numbers) error {
	shown := make(chan error, 1)
	go func() { shown <- owner.ShowPicture(ctx, asks.client.handle(), p, n) }()
	if err := asks.FetchPicture(ctx, owner.client.handle(), p, n); err != nil {
		return err
	}
	return <-shown
}
