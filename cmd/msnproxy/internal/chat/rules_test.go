package chat

// tests is a chat for each rule. Rows after both count from 9, after one from 5.
var tests = []struct {
	name, script string
	want         []string
}{
	{"both sides", both, nil},
	{"called side only", one, nil},
	{"a copy is no line of its own", both + `
		3 C: MSG 3 A # plain Hello
		4 S: MSG alice@example.com Alice # plain Hello
		3 S: ACK 3`, []string{
		"own said alice@example.com: Hello | delivered 11 after 2ms | seen bob@example.com 10 after 1ms | 9+[10 11]"}},
	{"said twice, seen twice", both + `
		3 C: MSG 3 N # plain ok
		3 C: MSG 4 N # plain ok
		4 S: MSG alice@example.com Alice # plain ok
		4 S: MSG alice@example.com Alice # plain ok`, []string{
		"own said alice@example.com: ok | sent | seen bob@example.com 11 after 2ms | 9+[11]",
		"own said alice@example.com: ok | sent | seen bob@example.com 12 after 2ms | 10+[12]"}},
	{"the same from another", both + `
		3 C: MSG 3 N # plain ok
		4 C: MSG 2 N # plain ok
		3 S: MSG bob@example.com Bob # plain ok`, []string{
		"own said alice@example.com: ok | sent | 9",
		"own said bob@example.com: ok | sent | seen alice@example.com 11 after 1ms | 10+[11]"}},
	{"too late to be a copy", both + `
		3 C: MSG 3 N # plain ok
		wait 60s
		4 S: MSG alice@example.com Alice # plain ok`, []string{
		"own said alice@example.com: ok | sent | 9",
		"said alice@example.com: ok | 10"}},
	{"the copy recorded before the message", both + `
		4 S: MSG alice@example.com Alice # plain ok
		3 C: MSG 3 A # plain ok
		3 S: ACK 3`, []string{
		"said alice@example.com: ok | delivered 11 after 1ms | 9+[10 11]"}},
	{"sender not recorded", "\n" + one + `
		5 C: ANS 1 carol@example.com 84.6 11752013
		4 S: MSG alice@example.com Alice # plain hi
		5 S: MSG alice@example.com Alice # plain hi
		4 S: MSG alice@example.com Alice # plain hi`, []string{
		"own join bob@example.com: bob@example.com joined | 1+[4]",
		"join alice@example.com: Alice is already here | 2",
		"join carol@example.com: Carol is already here | 3+[5]",
		"said alice@example.com: hi | seen carol@example.com 7 after 1ms | 6+[7]",
		"said alice@example.com: hi | 8"}},
	{"not delivered", both + `
		3 C: MSG 3 N # plain Hello
		3 S: NAK 3
		3 C: MSG 4 N # plain Hello
		4 S: MSG alice@example.com Alice # plain Hello`, []string{
		"own said alice@example.com: Hello | failed 10 after 1ms | 9+[10]",
		"own said alice@example.com: Hello | sent | seen bob@example.com 12 after 1ms | 11+[12]"}},
	{"ways of delivery", both + `
		3 C: MSG 3 U # plain u
		3 C: MSG 4 A # plain a
		3 C: MSG 5 D # type application/x-msnmsgrp2p xx
		3 S: 282 5`, []string{
		"own said alice@example.com: u | sent | 9",
		"own said alice@example.com: a | waiting | 10",
		"own service alice@example.com: application/x-msnmsgrp2p, 2 bytes | failed 12 after 1ms | 11+[12]",
		"notice alice@example.com: could not be delivered: badly formed message, or unknown application | 12+[11]"}},
	{"not online", `
		3 C: USR 1 alice@example.com 17.1
		3 S: USR 1 OK alice@example.com Alice
		3 C: CAL 2 bob@example.com
		3 S: 217 2`, []string{
		"own join alice@example.com: Alice opened the chat | 1+[2]",
		"own call alice@example.com: Alice called bob@example.com | 3+[4]",
		"notice alice@example.com: bob@example.com could not be called: not online, or does not accept messages | 4+[3]"}},
	{"not let in", `
		3 C: USR 1 alice@example.com 17.1
		3 S: 911 1`, []string{
		"own join alice@example.com: alice@example.com is entering | 1+[2]",
		"notice alice@example.com: alice@example.com could not enter: authentication failed | 2+[1]"}},
	{"ringing recorded before the call", `
		3 C: USR 1 alice@example.com 17.1
		3 S: CAL 2 RINGING 1
		3 C: CAL 2 bob@example.com`, []string{
		"own join alice@example.com: alice@example.com is entering | 1",
		"own call alice@example.com: alice@example.com called bob@example.com, ringing | 3+[2]"}},
	{"the call, as it comes to the called", `
		2 C: USR 3 MD5 I bob@example.com
		2 S: RNG 11752013 10.0.1.200:1863 CKI 84.5 alice@example.com Alice
		4 C: ANS 1 bob@example.com 84.5 11752013`, []string{
		"call alice@example.com: Alice called bob@example.com, ringing | 2",
		"own join bob@example.com: bob@example.com is entering | 3"}},
	{"left", both + `
		4 C: OUT
		4 S: OUT
		3 S: BYE bob@example.com
		4 close
		3 S: OUT SSD`, []string{
		"own leave bob@example.com: Bob Müller left | 9+[10 11]",
		"own leave alice@example.com: Alice was disconnected by the server: server is shutting down | 12"}},
	{"left as idle, and came again", one + `
		4 S: BYE carol@example.com 1
		4 S: JOI carol@example.com Carol
		4 close`, []string{
		"leave carol@example.com: Carol left (idle) | 5",
		"join carol@example.com: Carol joined | 6",
		"own leave bob@example.com: bob@example.com left: the connection closed | 0"}},
	{"idle is known late", both + `
		4 close
		3 S: BYE bob@example.com 1`, []string{
		"own leave bob@example.com: Bob Müller left (idle) | 0+[9]"}},
	{"an account with two connections", "\n" + one + `
		5 C: ANS 1 bob@example.com 84.7 11752013
		4 C: OUT
		5 close`, []string{
		"own join bob@example.com: bob@example.com joined | 1+[4 5]",
		"join alice@example.com: Alice is already here | 2",
		"join carol@example.com: Carol is already here | 3",
		"own leave bob@example.com: bob@example.com left: the connection closed | 0"}},
	{"end points", one + `
		4 S: JOI dave@example.com Dave
		4 S: JOI dave@example.com;{1} Dave
		4 S: JOI dave@example.com;{2} Dave
		4 S: BYE dave@example.com;{1}
		4 S: MSG dave@example.com;{2} Dave # plain hi
		4 S: BYE dave@example.com;{2}
		4 S: BYE dave@example.com`, []string{
		"join dave@example.com: Dave joined | 5+[6 7 8]",
		"said dave@example.com: hi | 9",
		"leave dave@example.com: Dave left | 10+[11]"}},
	{"typing", both + `
		3 C: MSG 3 U # typing
		4 S: MSG alice@example.com Alice # typing
		3 C: MSG 4 U # typing
		4 S: MSG alice@example.com Alice # typing
		3 C: MSG 5 N # plain Hello
		3 C: MSG 6 U # typing`, []string{
		"own typing alice@example.com: is typing (x2) | sent | superseded | 9+[10 11 12]",
		"own said alice@example.com: Hello | sent | 13",
		"own typing alice@example.com: is typing | sent | 14"}},
	{"typing, while the other says something", both + `
		4 C: MSG 2 U # typing
		3 C: MSG 3 N # plain Hello
		4 C: MSG 3 U # typing
		4 C: MSG 4 U # typing`, []string{
		"own typing bob@example.com: is typing | sent | 9",
		"own said alice@example.com: Hello | sent | 10",
		"own typing bob@example.com: is typing (x2) | sent | 11+[12]"}},
	{"a file, transferred", both + `
		3 C: MSG 3 N # invite Application-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}; Invitation-Command: INVITE; Invitation-Cookie: 33; Application-File: a.txt; Application-FileSize: 11
		4 S: MSG alice@example.com Alice # invite Application-GUID: {5D3E02AB-6190-11d3-BBBB-00C04F795683}; Invitation-Command: INVITE; Invitation-Cookie: 33; Application-File: a.txt; Application-FileSize: 11
		4 C: MSG 2 N # invite Invitation-Command: ACCEPT; Invitation-Cookie: 33; Request-Data: IP-Address:
		3 C: MSG 4 N # invite Invitation-Command: ACCEPT; Invitation-Cookie: 33; IP-Address: 10.0.0.9; Port: 6891; AuthCookie: 4301
		5 open 10.0.0.8:1050 10.0.0.9:6891
		5 C: VER MSNFTP
		5 S: VER MSNFTP
		5 C: USR bob@example.com 4301
		5 S: block hello world
		5 C: BYE 16777989`, []string{
		"own file alice@example.com: offers the file a.txt, 11 bytes: transferred | sent | seen bob@example.com 10 after 1ms | 9+[10 11 12 13 14 15 16 18]"}},
	{"a file, found by its cookie, and broken off", both + fileAccepted + `
		5 open 10.0.0.8:1050 192.0.2.1:9999
		5 C: VER MSNFTP
		5 C: USR bob@example.com 4301
		5 S: block hello
		5 close`, []string{
		"own file alice@example.com: offers the file a.txt, 11 bytes: failed, the connection closed (5 of 11 bytes came) | sent | 9+[10 12 13 0]"}},
	{"a file, cancelled while it comes", both + fileAccepted + `
		5 open 10.0.0.8:1050 10.0.0.9:6891
		5 C: VER MSNFTP
		5 C: CCL`, []string{
		"own file alice@example.com: offers the file a.txt, 11 bytes: cancelled (0 of 11 bytes came) | sent | 9+[10 11 12]"}},
	{"a file of others", both + fileAccepted + `
		5 open 10.0.0.8:1050 10.0.0.7:6891
		5 C: VER MSNFTP
		5 C: USR bob@example.com 4302
		5 C: BYE 16777989`, []string{
		"own file alice@example.com: offers the file a.txt, 11 bytes: accepted by Alice | sent | 9+[10]"}},
	{"declined", both + `
		4 C: MSG 2 N # invite Application-GUID: {02D3C01F-BF30-4825-A83A-DE7AF41648AA}; Invitation-Command: INVITE; Invitation-Cookie: 7
		3 C: MSG 3 N # invite Invitation-Command: CANCEL; Invitation-Cookie: 7; Cancel-Code: REJECT_NOT_INSTALLED`, []string{
		"own invite bob@example.com: invites to voice conversation: declined by Alice, the program is not installed | sent | 9+[10]"}},
	{"taken back", both + `
		4 C: MSG 2 N # invite Application-Name: Chess; Invitation-Command: INVITE; Invitation-Cookie: 7
		4 C: MSG 3 N # invite Invitation-Command: CANCEL; Invitation-Cookie: 7; Cancel-Code: OUTBANDCANCEL`, []string{
		"own invite bob@example.com: invites to Chess: cancelled by Bob Müller | sent | 9+[10]"}},
	{"a step of what is not here", both + `
		4 C: MSG 2 N # invite Invitation-Command: ACCEPT; Invitation-Cookie: 7`, []string{
		"own invite bob@example.com: answers an invitation that is not here, 7: accepted | sent | 9"}},
	{"services", both + `
		3 C: MSG 3 N # type text/x-msnmsgr-datacast ID: 1\r\n\r\n
		3 C: MSG 4 N # type text/x-msnmsgr-datacast ID: 2\r\nData: <msnobj/>\r\n\r\n
		3 C: MSG 5 N # type text/x-mms-emoticon :cat:\t<msnobj a="1"/>\t(dog)\t<msnobj/>\t
		3 C: MSG 5 N # type text/x-mms-animemoticon (a)\t<msnobj/>\t
		3 C: MSG 5 N # type text/x-mms-emoticon nothing
		3 C: MSG 5 N # type text/x-msnmsgr-datacast ID: 4\r\nData: waves\r\n
		3 C: MSG 5 N # type text/x-msnmsgr-datacast ID: 9\r\n
		3 C: MSG 6 N # type image/gif base64:R0lGOD
		3 C: MSG 7 N # type text/x-clientcaps Client-Name: gaim\r\n
		3 C: MSG 8 N # type text/x-new good day
		3 C: MSG 9 N # raw \r\n
		4 S: MSG Hotmail Hotmail # type application/x-msmsgssystemmessage Type: 1\r\nArg1: 5\r\n`, []string{
		"own service alice@example.com: sent a nudge | sent | 9",
		"own service alice@example.com: sent a wink | sent | 10",
		"own service alice@example.com: defines 2 emoticons: :cat: (dog) | sent | 11",
		"own service alice@example.com: defines an emoticon: (a) | sent | 12",
		"own service alice@example.com: defines no emoticons | sent | 13",
		"own service alice@example.com: did something: waves | sent | 14",
		"own service alice@example.com: sent a datacast of kind 9 | sent | 15",
		"own service alice@example.com: drew something (image/gif, 13 bytes) | sent | 16",
		"own service alice@example.com: uses gaim | sent | 17",
		"own service alice@example.com: sent text/x-new, 8 bytes: good day | sent | 18",
		"own service alice@example.com: sent something without a content type, 0 bytes | sent | 19",
		"notice Hotmail: server goes down in 5 minutes | 20"}},
	{"in parts, cut within a letter", one + `
		4 S: MSG alice@example.com Alice # raw MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nMessage-ID: {A}\r\nChunks: 2\r\n\r\ncaf\xc3
		4 S: MSG alice@example.com Alice # raw Message-ID: {A}\r\nChunk: 1\r\n\r\n\xa9 au lait
		4 S: MSG alice@example.com Alice # raw Message-ID: {B}\r\nChunk: 1\r\n\r\nlost
		4 S: MSG alice@example.com Alice # raw Message-ID: {A}\r\nChunk: 2\r\n\r\nmore`, []string{
		"said alice@example.com: café au lait | 5+[6]",
		"service alice@example.com: sent a part of a message, 4 bytes, whose beginning is not here | 7",
		"service alice@example.com: sent a part of a message, 4 bytes, whose beginning is not here | 8"}},
	{"the recording begins within the chat", `
		3 S: JOI bob@example.com Bob
		4 S: JOI carol@example.com Carol
		3 C: MSG 3 A # plain hi
		4 S: MSG alice@example.com Alice # plain hi`, []string{
		"join bob@example.com: Bob joined | 1",
		"join carol@example.com: Carol joined | 2",
		"own said alice@example.com: hi | waiting | seen  4 after 1ms | 3+[4]"}},
	{"an account as its own name", one + `
		4 S: JOI dave@example.com dave@example.com
		4 S: JOI dave@example.com 100%%20%D8%A7`, []string{
		"join dave@example.com: 100% ا joined | 5+[6]"}},
}

const fileAccepted = `
		3 C: MSG 3 N # invite Application-GUID: {5d3e02ab-6190-11d3-bbbb-00c04f795683}; Invitation-Command: INVITE; Invitation-Cookie: 33; Application-File: a.txt; Application-FileSize: 11
		3 C: MSG 4 N # invite Invitation-Command: ACCEPT; Invitation-Cookie: 33; IP-Address: 10.0.0.9; Port: 6891; AuthCookie: 4301
`
