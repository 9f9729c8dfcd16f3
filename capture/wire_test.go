package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"msnproxy/decode"
)

// wire makes the packets of TCP connections, one millisecond apart.
type wire struct {
	t       testing.TB
	now     time.Time
	wrap    func(ip []byte, v6 bool) []byte // adds a link layer; nil: none
	packets []wirePacket
}

type wirePacket struct {
	time time.Time
	data []byte
}

func newWire(t testing.TB) *wire {
	return &wire{t: t, now: time.Date(2004, 5, 6, 7, 8, 9, 0, time.UTC)}
}

// talk is one connection on a wire.
type talk struct {
	w              *wire
	client, server netip.AddrPort
	c, s           uint32 // next sequence numbers
}

func (w *wire) talk(client, server string) *talk {
	return &talk{w: w, client: netip.MustParseAddrPort(client), server: netip.MustParseAddrPort(server), c: 1000, s: 5000}
}

// dial is talk with the three packets that open the connection.
func (w *wire) dial(client, server string) *talk {
	k := w.talk(client, server)
	k.open()
	return k
}

func (k *talk) open() {
	k.send(decode.Client, layers.TCP{SYN: true, Seq: k.c}, "")
	k.c++
	k.send(decode.Server, layers.TCP{SYN: true, ACK: true, Seq: k.s, Ack: k.c}, "")
	k.s++
	k.send(decode.Client, layers.TCP{ACK: true, Seq: k.c, Ack: k.s}, "")
}

// send puts a segment on the wire.
func (k *talk) send(from decode.Sender, tcp layers.TCP, data string) {
	k.w.t.Helper()
	src, dst := k.client, k.server
	if from == decode.Server {
		src, dst = dst, src
	}
	tcp.SrcPort, tcp.DstPort, tcp.Window = layers.TCPPort(src.Port()), layers.TCPPort(dst.Port()), 65535
	var ip gopacket.NetworkLayer
	v6 := src.Addr().Is6()
	if v6 {
		ip = &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: net.IP(src.Addr().AsSlice()), DstIP: net.IP(dst.Addr().AsSlice())}
	} else {
		ip = &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IP(src.Addr().AsSlice()), DstIP: net.IP(dst.Addr().AsSlice())}
	}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		k.w.t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		ip.(gopacket.SerializableLayer), &tcp, gopacket.Payload(data))
	if err != nil {
		k.w.t.Fatal(err)
	}
	k.w.ip(buf.Bytes(), v6)
}

func (w *wire) ip(b []byte, v6 bool) {
	if w.wrap != nil {
		b = w.wrap(b, v6)
	}
	w.packets = append(w.packets, wirePacket{w.now, bytes.Clone(b)})
	w.now = w.now.Add(time.Millisecond)
}

// say sends data and acknowledges what the other end has sent.
func (k *talk) say(from decode.Sender, data string) {
	if from == decode.Client {
		k.send(from, layers.TCP{ACK: true, PSH: true, Seq: k.c, Ack: k.s}, data)
		k.c += uint32(len(data))
	} else {
		k.send(from, layers.TCP{ACK: true, PSH: true, Seq: k.s, Ack: k.c}, data)
		k.s += uint32(len(data))
	}
}

func (k *talk) C(data string) { k.say(decode.Client, data) }
func (k *talk) S(data string) { k.say(decode.Server, data) }

// ack acknowledges all that the other end has sent.
func (k *talk) ack(from decode.Sender) { k.say(from, "") }

func (k *talk) fin(from decode.Sender) {
	if from == decode.Client {
		k.send(from, layers.TCP{ACK: true, FIN: true, Seq: k.c, Ack: k.s}, "")
		k.c++
	} else {
		k.send(from, layers.TCP{ACK: true, FIN: true, Seq: k.s, Ack: k.c}, "")
		k.s++
	}
}

func (k *talk) rst(from decode.Sender) {
	seq := k.c
	if from == decode.Server {
		seq = k.s
	}
	k.send(from, layers.TCP{RST: true, Seq: seq}, "")
}

// end closes from both ends.
func (k *talk) end() {
	k.fin(decode.Client)
	k.fin(decode.Server)
	k.ack(decode.Client)
}

// pcap returns the wire as a file of raw IP, or of the link type given.
func (w *wire) pcap(link ...layers.LinkType) []byte {
	l := layers.LinkTypeRaw
	if len(link) > 0 {
		l = link[0]
	}
	return w.pcapAs(binary.LittleEndian, magicNano, l)
}

// pcapAs returns the wire as a pcap of a machine of that byte order.
func (w *wire) pcapAs(order binary.AppendByteOrder, magic uint32, link layers.LinkType) []byte {
	b := order.AppendUint32(nil, magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...)
	b = order.AppendUint32(b, 65536)
	b = order.AppendUint32(b, uint32(link))
	for _, p := range w.packets {
		sub := p.time.Nanosecond()
		if magic == magicMicro {
			sub /= 1000
		}
		b = order.AppendUint32(b, uint32(p.time.Unix()))
		b = order.AppendUint32(b, uint32(sub))
		b = order.AppendUint32(b, uint32(len(p.data)))
		b = order.AppendUint32(b, uint32(len(p.data)))
		b = append(b, p.data...)
	}
	return b
}

// pcapng is pcap in the other format: a section with one interface.
func (w *wire) pcapng(order binary.AppendByteOrder, link layers.LinkType) []byte {
	b := section(order)
	b = append(b, describe(order, link, 9, 0)...)
	for _, p := range w.packets {
		b = append(b, enhanced(order, 0, uint64(p.time.UnixNano()), p.data)...)
	}
	return b
}

// block frames a block of pcapng.
func block(order binary.AppendByteOrder, typ uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	b := order.AppendUint32(nil, typ)
	b = order.AppendUint32(b, uint32(len(body)+blockOverhead))
	b = append(b, body...)
	return order.AppendUint32(b, uint32(len(body)+blockOverhead))
}

func section(order binary.AppendByteOrder) []byte {
	b := order.AppendUint32(nil, byteOrderMagic)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0xffffffff)
	return block(order, magicSection, order.AppendUint32(b, 0xffffffff))
}

// describe describes an interface; its name comes before what counts.
func describe(order binary.AppendByteOrder, link layers.LinkType, resol byte, offset uint64) []byte {
	b := order.AppendUint16(nil, uint16(link))
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 3)
	b = append(b, "lo0\x00"...)
	b = order.AppendUint16(b, optionTSResol)
	b = order.AppendUint16(b, 1)
	b = append(b, resol, 0, 0, 0)
	b = order.AppendUint16(b, optionTSOffset)
	b = order.AppendUint16(b, 8)
	b = order.AppendUint64(b, offset)
	return block(order, blockInterface, order.AppendUint32(b, optionEnd))
}

func enhanced(order binary.AppendByteOrder, iface uint32, at uint64, data []byte) []byte {
	b := order.AppendUint32(nil, iface)
	b = order.AppendUint32(b, uint32(at>>32))
	b = order.AppendUint32(b, uint32(at))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, uint32(len(data)))
	return block(order, blockPacket, append(b, data...))
}

// told is a record in short.
type told struct {
	Conn uint32
	Kind Kind
	From decode.Sender
	Text string // the frame; what kind it is, if it is no whole command; and so on
	At   int    // milliseconds since the first record
}

// readAll reads a recording whole. The error is that of Next, nil for io.EOF.
func readAll(t testing.TB, b []byte) ([]told, *Reader, error) {
	t.Helper()
	r, err := OpenReader(bytes.NewReader(b), "test.pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []told
	var first time.Time
	for {
		rec, err := r.Next()
		if err != nil {
			if p, ok := r.in.(*packets); ok && p.memory+p.queue.parked+p.queue.memory != 0 {
				t.Errorf("at the end %d+%d+%d bytes are reckoned to be held", p.memory, p.queue.parked, p.queue.memory)
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, r, err
		}
		if first.IsZero() {
			first = rec.Time
		}
		all = append(all, tell(rec, first))
	}
}

func tell(r *Record, first time.Time) told {
	e := told{Kind: r.Kind, From: r.From, At: int(r.Time.Sub(first).Milliseconds())}
	if r.Conn != nil {
		e.Conn = r.Conn.ID
	}
	switch r.Kind {
	case Opened:
		e.Text = r.Conn.Client + " " + r.Conn.Server
		if r.Conn.MidStream {
			e.Text += " mid-stream"
		}
	case Data:
		e.Text = string(r.Frame.Raw)
		if r.Frame.Kind != decode.Command {
			e.Text = r.Frame.Kind.String() + " " + e.Text
		}
		if !r.Frame.Complete() {
			e.Text += " (incomplete)"
		}
	case Lost:
		e.Text = count(r.Lost, "byte")
	case Closed:
		e.Text = r.Text
		if r.Reset {
			e.Text = "reset"
		}
	case Remark:
		e.Text = r.Text
	}
	return e
}

// want compares, ignoring times.
func want(t *testing.T, got []told, want ...told) {
	t.Helper()
	got = slices.Clone(got)
	for i := range got {
		got[i].At = 0
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}

const (
	aliceAt = "192.0.2.1:1055"
	bobAt   = "192.0.2.2:2000"
	nsAt    = "198.51.100.1:1863"

	opened = aliceAt + " " + nsAt
	ver    = "VER 1 MSNP7 CVR0\r\n"
	inf    = "INF 2\r\n"
	infMD5 = "INF 2 MD5\r\n"
	usr    = "USR 3 MD5 I alice@example.com\r\n"
	msg    = "MSG bob@example.com Bob 49\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhi"
)

// c and s are frames of the first connection.
func c(text string) told { return told{1, Data, decode.Client, text, 0} }
func s(text string) told { return told{1, Data, decode.Server, text, 0} }

func begins() told { return told{1, Opened, 0, opened, 0} }
func half(from decode.Sender) told {
	return told{1, HalfClosed, from, "", 0}
}
func ends(from decode.Sender) told {
	return told{1, Closed, from, "", 0}
}
