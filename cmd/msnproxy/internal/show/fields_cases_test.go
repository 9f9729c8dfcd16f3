package show

import "msnproxy/decode"

const profileBody = "MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsprofile; charset=UTF-8\r\nLoginTime: 1726321960\r\nsid: 507\r\nMSPAuth: 4AbC$$\r\n\r\n"

const mailBody = "Content-Type: text/x-msmsgsinitialmdatanotification\r\n\r\nMail-Data: <MD><E><I>2</I></E></MD>\r\nInbox-URL: /x\r\n"

const structuredBody = "Routing: 1.0\r\nTo: 1:a@example.com\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\nMessage-Type: Text\r\n\r\nHello"

// lineTests are messages with their lines; frame is for what the framer has to be
// in the right place for.
var lineTests = []struct {
	name, raw string
	from      decode.Sender
	frame     decode.Frame
	want      string
}{
	{from: decode.Server, name: "text", raw: msg("Content-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=MS%20Serif; EF=B; CO=ff; CS=0\r\n\r\nHé Bob"), want: `
verb=MSG (a message from somebody, or from the service itself)
handle=a@example.com
friendly=Al B <"Al%20B">
length=101
payload=101 bytes (text/plain) <30 to 131>
 Content-Type=text/plain; charset=UTF-8
 X-MMS-IM-Format=FN=MS%20Serif; EF=B; CO=ff; CS=0
  FN=MS Serif (font) <"MS%20Serif">
  EF=B (bold)
  CO=ff (#ff0000)
  CS=0 (ANSI)
 text=Hé Bob (utf-8)
`},
	{from: decode.Server, name: "invitation", raw: msg("Content-Type: text/x-msmsgsinvite\r\n\r\nApplication-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}\r\nInvitation-Command: INVITE\r\nAuthCookie: 4301\r\n"), want: `
verb=MSG (a message from somebody, or from the service itself)
handle=a@example.com
friendly=Al B <"Al%20B">
length=141
payload=141 bytes (text/x-msmsgsinvite) <30 to 171>
 Content-Type=text/x-msmsgsinvite
 Application-GUID={5D3E02AB-6190-11d3-BBBB-00C04F795683} (file transfer)
 Invitation-Command=INVITE
 AuthCookie=4301 (admits to the file transfer: a secret) secret
`},
	{from: decode.Server, name: "profile", raw: msg(profileBody), want: `
verb=MSG (a message from somebody, or from the service itself)
handle=a@example.com
friendly=Al B <"Al%20B">
length=122
payload=122 bytes (text/x-msmsgsprofile) <30 to 152>
 MIME-Version=1.0
 Content-Type=text/x-msmsgsprofile; charset=UTF-8
 LoginTime=1726321960 (2024-09-14 13:52:40 UTC)
 sid=507 secret
 MSPAuth=4AbC$$ (ticket: a secret) secret
`},
	{from: decode.Server, name: "mail", raw: msg(mailBody), want: `
verb=MSG (a message from somebody, or from the service itself)
handle=a@example.com
friendly=Al B <"Al%20B">
length=107
payload=107 bytes (text/x-msmsgsinitialmdatanotification) <30 to 137>
 Content-Type=text/x-msmsgsinitialmdatanotification
 Mail-Data=<MD><E><I>2</I></E></MD>
  MD=
   E= (mail)
    I=2 (messages in the inbox)
 Inbox-URL=/x
`},
	{from: decode.Server, name: "alert", raw: with("NOT", "<NOTIFICATION id=\"0\"><TEXT>a &amp; b</TEXT></NOTIFICATION>"), want: `
verb=NOT (an alert)
length=58
payload=58 bytes (notification) <8 to 66>
 NOTIFICATION=
  @id=0
  TEXT=a & b <"a &amp; b">
`},
	{name: "answer to a challenge", raw: "QRY 22 msmsgs@msnmsgr.com 32\r\n8f2f5a91b72102cd28355e9fc9000d6e", want: `
verb=QRY (answers a challenge)
trid=22
product=msmsgs@msnmsgr.com (MSN Messenger 3.6.0038 and later; answers in the way of MSNP6 to 10)
length=32
payload=32 bytes (challenge) <30 to 62>
 response=8f2f5a91b72102cd28355e9fc9000d6e
`},
	{from: decode.Server, name: "error", raw: "911 7 go away\r\n", want: `
verb=911 (authentication failed)
trid=7
text=go
text=away
`},
	{from: decode.Server, name: "presence with a picture", raw: "NLN BSY bob@example.com Bob%20L 268435492 %3Cmsnobj%20Creator%3D%22b%40x%22%20Type%3D%223%22%20Friendly%3D%22QgBvAGIA%22%2F%3E\r\n", want: `
verb=NLN (a contact comes online or changes status or name)
status=BSY (busy)
handle=bob@example.com
friendly=Bob L <"Bob%20L">
capabilities=268435492 (MSN Messenger 6.0, ink as GIF, messages in pieces)
msnobj=<msnobj Creator="b@x" Type="3" Friendly="QgBvAGIA"/> <"%3Cmsnobj%20Creator%3D%22b%40x%22%20Type%3D%223%22%20Friendly%3D%22QgBvAGIA%22%2F%3E">
 @Creator=b@x <"b%40x">
 @Type=3 (display picture)
 @Friendly=QgBvAGIA (Bob)
`},
	{from: decode.Server, name: "presence without one", raw: "NLN BSY bob@example.com Bob 268435492 0\r\n", want: `
verb=NLN (a contact comes online or changes status or name)
status=BSY (busy)
handle=bob@example.com
friendly=Bob
capabilities=268435492 (MSN Messenger 6.0, ink as GIF, messages in pieces)
msnobj=0
`},
	{from: decode.Server, name: "P2P", raw: msg(p2pInvite()), want: `
verb=MSG (a message from somebody, or from the service itself)
handle=a@example.com
friendly=Al B <"Al%20B">
length=477
payload=477 bytes (application/x-msnmsgrp2p) <30 to 507>
 MIME-Version=1.0
 Content-Type=application/x-msnmsgrp2p
 P2P-Dest=bob@example.com
 header=48 bytes <118 to 166>
  SessionID=0 <"\x00\x00\x00\x00">
  Identifier=4711 <"g\x12\x00\x00">
  DataOffset=0 <"\x00\x00\x00\x00\x00\x00\x00\x00">
  TotalSize=337 (bytes) <"Q\x01\x00\x00\x00\x00\x00\x00">
  MessageLength=337 (bytes in this packet) <"Q\x01\x00\x00">
  Flag=0x0 <"\x00\x00\x00\x00">
  AckIdentifier=2147483648 <"\x00\x00\x00\x80">
  AckUniqueID=0 <"\x00\x00\x00\x00">
  AckDataSize=0 (bytes) <"\x00\x00\x00\x00\x00\x00\x00\x00">
 slp=INVITE MSNMSGR:bob@example.com MSNSLP/1.0
  Method=INVITE
  URI=MSNMSGR:bob@example.com
  To=<msnmsgr:bob@example.com>
  Content-Type=application/x-msnmsgr-sessionreqbody
  Content-Length=188
  body=188 bytes (application/x-msnmsgr-sessionreqbody) <315 to 503>
   EUF-GUID={A4268EEC-FEC5-49E5-95C3-F126696BDBF6} (picture or the like)
   SessionID=7
   AppID=1 (object)
   Context=PG1zbm9iaiBDcmVhdG9yPSJib2JAZXhhbXBsZS5jb20iIFNpemU9Ijk5IiBUeXBlPSIzIiBGcmllbmRseT0iUWdCdkFHSUEiLz4A
    msnobj=
     @Creator=bob@example.com -
     @Size=99 (bytes) -
     @Type=3 (display picture) -
     @Friendly=QgBvAGIA (Bob) -
 AppID=12 (display picture) <"\x00\x00\x00\f">
`},
	{from: decode.Server, name: "structured", raw: with("SDG 0", structuredBody), want: `
verb=SDG (a message)
trid=0
length=100
payload=100 bytes (mime) <11 to 111>
 Routing=1.0
 To=1:a@example.com
  network=1 (Messenger)
  handle=a@example.com
 Reliability=1.0
 Messaging=2.0
 Message-Type=Text
 text=Hello (utf-8)
`},
	{from: decode.Server, name: "more than the table has", raw: "ACK 5 6\r\n", want: `
verb=ACK (a message was delivered)
trid=5
extra1=6
`},
	{name: "unknown verb", raw: "ZZZ 1 a%20b\r\n", want: `
verb=ZZZ
extra1=1
extra2=a%20b
`},
	{from: decode.Server, name: "cut off", raw: "MSG a@example.com Al 30\r\nContent-Type: text/plain", want: `
verb=MSG (a message from somebody, or from the service itself)
handle=a@example.com
friendly=Al
length=30
payload=24 bytes, 6 missing (text/plain) <"Content-Type: text/plain">
 Content-Type=text/plain
`},
	{from: decode.Server, name: "empty line", raw: "\r\n", want: `
empty line= (between commands) <"\r\n">
`},
	{name: "block", frame: decode.Frame{Kind: decode.Block, Raw: []byte("\x00\x05\x00hello")}, want: `
type=0 (data of the file) <"\x00">
length=5 (bytes) <"\x05\x00">
data=5 bytes <3 to 8>
`},
	{name: "end of blocks", frame: decode.Frame{Kind: decode.Block, Raw: []byte("\x01\x00\x00")}, want: `
type=1 (end of the file, or of the transfer) <"\x01">
length=0 (bytes) <"\x00\x00">
`},
	{from: decode.Server, name: "opaque", frame: decode.Frame{Kind: decode.Opaque, Raw: []byte("GET / HTTP/1.0")}, want: `
bytes=14 bytes (no MSNP) <0 to 14>
 text=GET / HTTP/1.0
`},
	{from: decode.Server, name: "opaque, no text", frame: decode.Frame{Kind: decode.Opaque, Raw: []byte("\x00\xff\x01")}, want: `
bytes=3 bytes (no MSNP) <0 to 3>
`},
}
