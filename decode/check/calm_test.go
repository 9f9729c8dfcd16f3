package check

import (
	"slices"
	"strings"
	"testing"
)

// What documents show, and what real peers are known to do, is not found fault
// with.
func TestCalm(t *testing.T) {
	tests := []struct{ name, script string }{
		{"PRP answered with the TrID and without the list-version", `
			syn 7
			1 C: PRP 7 PHH 555
			1 C: BLP 8 BL
			1 S: PRP 7 PHH 555
			1 S: BLP 8 10 BL`},
		{"MSNP2, dispatch server, clear text", `
			1 open 10.0.0.9:1030 10.0.0.1:1863
			1 C: VER 1 MSNP2 CVR0
			1 S: VER 1 MSNP2
			1 C: INF 2
			1 S: INF 2 MD5 CTP
			1 C: USR 3 CTP I alice@example.com
			1 S: XFR 3 NS 10.0.0.5:1863
			1 close
			2 open 10.0.0.9:1031 10.0.0.5:1863
			2 C: VER 4 MSNP2 CVR0
			2 S: VER 4 MSNP2
			2 C: INF 5
			2 S: INF 5 MD5,CTP
			2 C: USR 6 CTP I alice@example.com
			2 S: USR 6 CTP S
			2 C: USR 7 CTP S secret
			2 S: USR 7 OK alice@example.com Alice
			2 S: MSG Hotmail Hotmail #|MIME-Version: 1.0|Content-Type: text/x-msmsgsprofile; charset=UTF-8|LoginTime: 1726321960||
			2 C: SYN 8 0
			2 S: SYN 8 1
			2 S: GTC 8 1 A
			2 S: BLP 8 1 AL
			2 S: LST 8 FL 1 0 0
			2 S: LST 8 AL 1 0 0
			2 S: LST 8 BL 1 0 0
			2 S: LST 8 RL 1 0 0
			2 C: CHG 9 NLN
			2 S: CHG 9 NLN
			2 C: CVR 10 0x0409 win 4.10 i386 MSMSGS 1.0.0863
			2 S: CVR 10 1.0.0863 1.0.0863 1.0.0863 http://dl.example/setup.exe http://info.example
			2 C: OUT
			2 close`},
		{"MSNP2, password in one step", `
			1 open 10.0.0.9:1030 10.0.0.1:1863
			1 C: VER 1 MSNP2 CVR0
			1 S: VER 1 MSNP2
			1 C: INF 2
			1 S: INF 2 MD5 CTP
			1 C: USR 3 CTP I alice@example.com secret
			1 S: USR 3 OK alice@example.com Alice`},
		{"version check only", `
			1 open 10.0.0.9:1030 10.0.0.1:1863
			1 C: VER 1 MSNP2 CVR0
			1 S: VER 1 CVR0
			1 C: CVQ 2 0x0409 win 4.10 i386 MSMSGS 1.0.0863
			1 S: CVQ 2 4.5.0121 4.5.0121 3.0.0283 http://dl.example/setup.exe http://info.example
			1 close`},
		{"Beta 2", `
			1 open 10.0.0.9:1030 10.0.0.1:1863
			1 C: XFR 1 NS
			1 S: XFR 1 NS 10.0.0.5:1863`},
		{"MSNP7, lists", `
			ns 7
			1 C: SYN 8 0
			1 S: SYN 8 255
			1 S: GTC 8 255 A
			1 S: BLP 8 255 AL
			1 S: PRP 8 255 PHH 123%20(4567)
			1 S: PRP 8 255 PHW
			1 S: PRP 8 255 MOB N
			1 S: LSG 8 255 1 2 0 Other%20Contacts 0
			1 S: LSG 8 255 2 2 1 Friends 0
			1 S: LST 8 FL 255 1 2 bob@example.com Bob 0,1
			1 S: BPR 255 bob@example.com PHH 1%20(222)%20333%204444
			1 S: BPR PHW
			1 S: LST 8 FL 255 2 2 carol@example.com Carol%20C 0
			1 S: LST 8 AL 255 1 1 bob@example.com Bob
			1 S: LST 8 BL 255 0 0
			1 S: LST 8 RL 255 1 1 bob@example.com Bob
			1 C: CHG 9 NLN
			1 S: CHG 9 NLN
			1 S: ILN 9 AWY bob@example.com Bob
			1 C: ADD 12 AL carol@example.com carol@example.com
			1 S: ADD 12 AL 256 carol@example.com carol@example.com
			1 C: ADD 13 FL dave@example.com dave@example.com 0
			1 S: ILN 13 NLN dave@example.com Dave
			1 S: ADD 13 FL 257 dave@example.com dave@example.com 0
			1 C: REA 14 carol@example.com Carol
			1 S: REA 14 258 carol@example.com Carol
			1 C: ADG 15 Friends 0
			1 S: ADG 15 259 Friends 2 0
			1 C: ADD 16 FL carol@example.com Carol 2
			1 S: ADD 16 FL 260 carol@example.com Carol 2
			1 C: REM 17 FL carol@example.com 0
			1 S: REM 17 FL 261 carol@example.com 0
			1 S: NLN BSY Carol@example.com Carol
			1 C: REG 18 1 Pals 0
			1 S: REG 18 262 1 Pals 0
			1 C: RMG 19 1
			1 S: RMG 19 263 1
			1 S: ADD 0 RL 264 dave@example.com Dave
			1 C: REM 20 AL bob@example.com
			1 S: REM 20 AL 265 bob@example.com
			1 C: ADD 21 BL bob@example.com Bob
			1 S: ADD 21 BL 266 bob@example.com Bob
			1 C: LST 22 BL
			1 S: LST 22 BL 266 1 1 bob@example.com Bob
			1 S: CHG 0 FLN
			1 S: XFR 0 NS 0
			1 C: VER 23 MSNP7 CVR0
			1 S: VER 23 MSNP7
			1 C: INF 24
			1 S: INF 24 MD5
			1 C: USR 25 MD5 I alice@example.com
			1 S: USR 25 MD5 S 1234567890.123456789
			1 C: USR 26 MD5 S f59af8f2fa91d38aff7c870c17f99903
			1 S: USR 26 OK alice@example.com Alice
			1 S: OUT OTH
			1 close`},
		{"MSNP7, services", `
			ns 7
			1 C: FND 5 fname=Bob lname=Lee city=* state=* country=US
			1 S: FND 5 1 2 fname=Bob lname=Lee city=New%20York state=NY country=US
			1 S: FND 5 2 2 fname=Bob lname=Lee city=Rome state=* country=IT
			1 C: SND 6 bob@example.com 0x0409 MSMSGS MSMSGS
			1 S: SND 6 bob@example.com
			1 C: SDC 7 bob@example.com 0x0409 MSMSGS MSMSGS X X Alice #|Hello
			1 S: SDC 7 OK
			1 C: URL 8 CHAT 0x0409
			1 S: URL 8 /unused1 /unused2 1
			1 C: PAG 9 bob@example.com #|<PHONE pri="1"><LOC>HOME</LOC><NUM>5551112222</NUM></PHONE><TEXT xml:space="preserve">call me &#x26; Bob</TEXT>
			1 C: GTC 10 N
			1 S: GTC 10 4 N
			1 C: BLP 11 BL
			1 S: 218 11
			1 S: CHL 0 15570131571988941333
			1 C: PNG
			1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e
			1 S: QNG
			1 S: QRY 22
			1 S: OUT SSD`},
		{"replies in another order", `
			ns 7
			1 C: CHG 5 NLN
			1 C: URL 6 INBOX
			1 C: BLP 7 AL
			1 S: BLP 7 3 AL
			1 S: URL 6 /a http://b 2
			1 S: CHG 5 NLN`},
		{"many messages before the first acknowledgement", `
			talk 7` + manyMessages(100)},
		{"switchboard, both sides, several people", `
			talk 5
			2 C: MSG 3 U #|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol|TypingUser: alice@example.com|||
			2 C: MSG 4 N #|MIME-Version: 1.0|Content-Type: text/plain; charset=UTF-8|X-MMS-IM-Format: FN=MS%20Sans%20Serif; EF=; CO=0; CS=0; PF=0||Hello Bob
			2 C: MSG 5 A #|MIME-Version: 1.0|Content-Type: text/plain;charset=UTF-8|X-MMS-IM-Format: FN=Arial;EF=BIUS;CO=ff00ff;CS=ee;PF=22;RL=1||Hello Bob
			2 S: NAK 5
			2 C: CAL 6 carol@example.com
			2 S: CAL 6 RINGING 4711
			2 S: JOI carol@example.com Carol
			2 S: MSG carol@example.com Carol #|$text
			2 S: BYE bob@example.com 1
			2 C: CAL 7 bob@example.com
			2 S: CAL 7 RINGING 4711
			2 S: JOI bob@example.com Bob
			2 C: OUT
			2 S: OUT
			2 close
			1 S: RNG 4712 10.0.1.2:1863 CKI 84.5 bob@example.com Bob
			3 open 10.0.0.9:1033 10.0.1.2:1863
			3 C: ANS 1 alice@example.com 84.5 4712
			3 S: JOI alice@example.com Alice
			3 S: IRO 1 1 2 bob@example.com Bob
			3 S: IRO 1 2 2 carol@example.com Carol
			3 S: ANS 1 OK
			3 S: BYE bob@example.com
			3 S: BYE carol@example.com
			3 close`},
		{"a switchboard alone", `
			1 open 10.0.0.9:1030 10.0.1.2:1863
			1 C: USR 1 alice@example.com 17.1
			1 S: USR 1 OK alice@example.com Alice
			1 C: CAL 2 bob@example.com
			1 S: CAL 2 RINGING 4711
			1 S: JOI bob@example.com Bob
			1 C: MSG 3 D #|$text
			1 S: ACK 3`},
		{"both legs of a relay", `
			1 mid 10.0.0.9:1030 10.0.0.1:1863
			1 C: USR 3 MD5 I alice@example.com
			2 mid 10.0.0.1:1030 10.0.0.5:1863
			2 C: USR 3 MD5 I alice@example.com
			2 S: RNG 4711 10.0.1.2:1863 CKI 84.5 bob@example.com Bob
			1 S: RNG 4711 10.0.0.1:1863 CKI 84.5 bob@example.com Bob
			3 open 10.0.0.9:1031 10.0.0.1:1863
			3 C: ANS 1 alice@example.com 84.5 4711
			4 open 10.0.0.1:1031 10.0.1.2:1863
			4 C: ANS 1 alice@example.com 84.5 4711
			4 S: ANS 1 OK
			3 S: ANS 1 OK
			1 S: USR 3 MD5 S 1
			2 S: USR 3 MD5 S 1`},
		{"one direction only", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 C: VER 1 MSNP7 CVR0
			1 C: INF 2
			1 C: USR 3 MD5 I alice@example.com
			1 close`},
		{"MSNP12", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 C: VER 1 MSNP12 MSNP11 CVR0
			1 C: CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.5.0324 msmsgs alice@example.com
			1 C: USR 3 TWN I alice@example.com
			1 S: VER 1 MSNP12
			1 S: CVR 2 7.5.0324 7.5.0324 7.0.0777 http://download.example.com/msgr.exe http://messenger.example.com
			1 S: USR 3 TWN S lc=1033,id=507,tw=40,ru=http%3A%2F%2Fmessenger%2Eexample%2Ecom
			1 C: USR 4 TWN S t=SECRETTICKET&p=SECRETPROFILE
			1 S: USR 4 OK alice@example.com 1 0
			1 S: SBS 0 null
			1 C: SYN 5 0 0
			1 S: SYN 5 2005-10-20T08:00:00.0000000-07:00 2005-10-20T08:00:00.0000000-07:00 1 1
			1 S: GTC A
			1 S: BLP AL
			1 S: PRP MFN Alice
			1 S: LSG Friends aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
			1 S: LST N=bob@example.com F=Bob C=11111111-2222-3333-4444-555555555555 11 1 aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
			1 S: BPR MOB Y
			1 C: GCF 6 Shields.xml
			1 S: GCF 6 Shields.xml #|<config><shield><cli maj="7" min="0" minbld="0" maxbld="9999" deny=" "/></shield><block></block></config>
			1 C: CHG 7 NLN 1347272740 0
			1 S: CHG 7 NLN 1347272740 0
			1 S: ILN 7 NLN bob@example.com Bob 1347272740
			1 S: CHL 0 22210219642164014968
			1 C: QRY 8 PROD0090YUAUV{2B #|85ecb0db8f32113df79ce0892b9a102c
			1 S: QRY 8
			1 C: PNG
			1 S: QNG 43
			1 C: XFR 9 SB
			1 S: XFR 9 SB 192.0.2.20:1863 CKI 12345678.1234567890.12345
			2 open 10.0.0.9:1031 192.0.2.20:1863
			2 C: USR 1 alice@example.com 12345678.1234567890.12345
			2 S: USR 1 OK alice@example.com Alice
			2 C: CAL 2 bob@example.com
			2 S: CAL 2 RINGING 20481234
			2 S: JOI bob@example.com Bob 1347272740
			2 C: MSG 3 D #|$p2p
			2 S: ACK 3
			2 S: MSG bob@example.com Bob #|MIME-Version: 1.0|Content-Type: text/x-msnmsgr-datacast||ID: 1||
			2 S: BYE bob@example.com
			2 C: OUT`},
		{"MSNP18", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 C: VER 1 MSNP18 MSNP17 MSNP16 MSNP15 CVR0
			1 S: VER 1 MSNP18
			1 C: CVR 2 0x0409 winnt 6.1.0 i386 MSNMSGR 14.0.8117.0416 msmsgs alice@example.com
			1 S: CVR 2 14.0.8117 14.0.8117 14.0.8117 http://a.example http://b.example
			1 C: USR 3 SSO I alice@example.com
			1 S: GCF 0 #|<Policies><Policy type="SHIELDS" checksum="D9705A71BA841CB38955822E048970C3"></Policy></Policies>
			1 S: USR 3 SSO S MBI_KEY_OLD AAECAwQF
			1 C: USR 4 SSO S t=SECRET&p= HAAAAAEAAAADZgAA {0f0e0d0c-0b0a-0908-0706-050403020100}
			1 S: USR 4 OK alice@example.com 1 0
			1 S: UBX 1:alice@example.com 0
			1 C: USR 5 SHA A PGFiYz4=
			1 S: USR 5 OK alice@example.com 0 0
			1 C: BLP 6 AL
			1 S: BLP 6 AL
			1 C: ADL 7 #|<ml l="1"><d n="example.com"><c n="bob" l="3" t="1"/></d></ml>
			1 S: ADL 7 OK
			1 C: UUX 8 #|<EndpointData><Capabilities>2684354596:32</Capabilities></EndpointData>
			1 S: UUX 8 0
			1 C: CHG 9 NLN 2684354596:32 0
			1 S: CHG 9 NLN 2684354596:32 0
			1 S: NLN NLN 1:bob@example.com Bob 2684354596:32 0
			1 C: ADL 10 #|<ml><d n="example.com"><c n="bob" l="4" t="1"/></d></ml>
			1 S: 241 10 #|<ml><d n="example.com"><c n="bob" t="1"/></d></ml>
			1 S: RNG 20481234 192.0.2.20:1864 CKI 1234567.890123456 bob@example.com Bob U messenger.hotmail.com 1
			2 open 10.0.0.9:1031 192.0.2.20:1864
			2 C: ANS 1 alice@example.com;{0f0e0d0c-0b0a-0908-0706-050403020100} 1234567.890123456 20481234
			2 S: IRO 1 1 2 bob@example.com Bob 2684354596:32
			2 S: IRO 1 2 2 bob@example.com;{11111111-2222-3333-4444-555555555555} Bob 2684354596:32
			2 S: ANS 1 OK
			2 S: MSG bob@example.com Bob #|$text
			2 S: BYE bob@example.com;{11111111-2222-3333-4444-555555555555}
			1 S: FLN 1:bob@example.com 0:0
			1 S: OUT OTH`},
		{"a soft reset: VER without CVR0, TrIDs from 1, a second SYN", `
			ns 7
			1 C: SYN 5 0
			1 S: SYN 5 9
			1 C: CHG 6 NLN
			1 S: CHG 6 NLN
			1 C: REA 7 alice@example.com A
			1 S: XFR 0 NS 0
			1 C: VER 1 MSNP7
			1 S: VER 1 MSNP7
			1 C: INF 2
			1 S: INF 2 MD5
			1 C: USR 3 MD5 I alice@example.com
			1 S: USR 3 MD5 S 1234567890.123456789
			1 C: USR 4 MD5 S f59af8f2fa91d38aff7c870c17f99903
			1 S: USR 4 OK alice@example.com Alice
			1 C: SYN 5 0
			1 S: SYN 5 3
			1 S: LST 5 FL 3 0 0
			1 C: CHG 6 NLN
			1 S: CHG 6 NLN`},
		{"MSNP18, the inviter calls itself first, each end point joins", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 C: VER 1 MSNP18 CVR0
			1 S: VER 1 MSNP18
			1 C: CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS alice@example.com
			1 S: CVR 2 8.5.1302 8.5.1302 8.5.1302 http://a http://b
			1 C: USR 3 SSO I alice@example.com
			1 S: USR 3 SSO S MBI_KEY_OLD AAECAwQF
			1 C: USR 4 SSO S t=SECRET&p= HAAAAAEAAAADZgAA {0f0e0d0c-0b0a-0908-0706-050403020100}
			1 S: USR 4 OK alice@example.com 1 0
			1 C: ADL 7 #|<ml l="1"><d n="example.com"><c n="bob" l="3" t="1"/></d></ml>
			1 S: ADL 7 OK
			1 S: ILN 7 AWY 1:bob@example.com Bob 2684354596:32 0 http://a.example/icon
			1 C: CHG 9 NLN 2684354596:32 0
			1 S: CHG 9 NLN 2684354596:32 0
			1 S: ILN 9 AWY 1:bob@example.com Bob 2684354596:32 0
			1 C: XFR 10 SB
			1 S: XFR 10 SB 192.0.2.20:1863 CKI 17.1 U messenger.hotmail.com 1
			2 open 10.0.0.9:1031 192.0.2.20:1863
			2 C: USR 0 alice@example.com;{0f0e0d0c-0b0a-0908-0706-050403020100} 17.1
			2 S: USR 0 OK alice@example.com;{0f0e0d0c-0b0a-0908-0706-050403020100} Alice
			2 C: CAL 1 alice@example.com
			2 C: CAL 2 bob@example.com
			2 S: CAL 1 RINGING 4711
			2 S: CAL 2 RINGING 4711
			2 S: JOI alice@example.com Alice 2684354596:32
			2 S: JOI bob@example.com;{11111111-2222-3333-4444-555555555555} Bob 2684354596:32
			2 S: JOI bob@example.com Bob 2684354596:32
			2 S: MSG bob@example.com Böb #|$text
			2 close`},
		{"MSNP14, FLN with an icon, TWN, numbers given when a request is made", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 C: VER 1 MSNP14 CVR0
			1 S: VER 1 MSNP14 CVR0
			1 C: CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 MSMSGS alice@example.com
			1 S: CVR 2 8.5.1302 8.5.1302 8.5.1302 http://a http://b
			1 C: USR 3 TWN I alice@example.com
			1 S: USR 3 TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1
			1 C: USR 4 TWN S t=abc&p=def
			1 S: USR 4 OK alice@example.com 1 0
			1 C: CHG 178 NLN 0 0
			1 C: BLP 177 AL
			1 S: CHG 178 NLN 0 0
			1 S: BLP 177 AL
			1 S: FLN bob@example.com 1 0 http://a.example/icon
			1 C: FQY 180 #|<ml><d n="example.com"><c n="bob"/></d></ml>
			1 S: FQY 180 #|<ml><d n="example.com"><c n="bob" t="1"/></d></ml>
			1 S: FQY 180 #|<ml><d n="example.com"><c n="bob" t="32"/></d></ml>`},
		{"MSNP8, the list is what the client has", `
			ns8 8
			1 C: SYN 5 9
			1 S: SYN 5 9`},
		{"MSNP7, a property within SYN without its TrID", `
			syn 7
			1 S: PRP 9 PHH 1
			1 C: CHG 9 NLN
			1 S: CHG 9 NLN`},
		{"the client only, as far as SYN", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 C: VER 1 MSNP7 CVR0
			1 C: INF 2
			1 C: USR 3 MD5 I alice@example.com
			1 C: USR 4 MD5 S f59af8f2fa91d38aff7c870c17f99903
			1 C: SYN 5 0
			1 C: QRY 6 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e
			1 C: CHG 5 NLN
			1 close`},
		{"the server only, on a switchboard", `
			1 open 10.0.0.9:1030 10.0.1.2:1863
			1 S: USR 1 OK alice@example.com Alice
			1 S: CAL 2 RINGING 4711
			1 S: JOI bob@example.com Bob
			1 S: ACK 3
			1 S: ACK 4
			1 close`},
		{"the server only, on a notification server", `
			1 open 10.0.0.9:1030 10.0.0.5:1863
			1 S: VER 1 MSNP7
			1 S: USR 4 OK alice@example.com Alice 1
			1 S: CHG 6 NLN
			1 S: QNG
			1 S: QNG
			1 S: QNG
			1 close`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, l := range play(t, tt.script) {
				t.Error(l)
			}
		})
	}
}

// What a gap in the recording explains is only told as a gap.
func TestCalmAboutGaps(t *testing.T) {
	tests := []struct{ name, script string }{
		{"the first line of the client", `
			1 open 10.0.0.9:1030 10.0.1.2:1863
			1 S: USR 1 OK alice@example.com Alice
			1 S: CAL 2 RINGING 4711
			1 S: JOI bob@example.com Bob
			1 lost C 51
			1 C: CAL 2 bob@example.com
			1 C: MSG 3 A #|$text
			1 S: ACK 3
			1 close`},
		{"in a line and in a payload", `
			talk 7
			2 C! MSG 3 A 200\r\nMIME-Version: 1.0\r\n
			2 lost C 300
			2 C! rest of a line\r\n
			2 C: MSG 9 N #|$text
			2 S: ACK 3
			2 S! BYE bob@exa
			2 lost S 10
			2 close`},
		{"a challenge", `
			ns 7
			1 S: CHL 0 11111111111111111111
			1 lost S 30
			1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e
			1 S: QRY 22`},
		{"entries of a list", `
			syn 7
			1 S: LST 5 FL 9 1 4 bob@example.com Bob
			1 lost S 90
			1 S: LST 5 FL 9 3 4 carol@example.com Carol
			1 S: LST 5 FL 9 4 4 dave@example.com Dave
			1 S: LST 5 AL 9 0 0`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, l := range play(t, tt.script) {
				if l.Rule != "frame.lost" {
					t.Error(l)
				}
			}
		})
	}
}

// What is said states what is so.
func TestSaid(t *testing.T) {
	const qry = "QRY 22 PROD0090YUAUV{2B #|"
	tests := []struct {
		name, script string
		want         []string // rule: part of the text
	}{
		{"an entry twice", "syn 7\n1 S: LST 5 FL 9 1 2 bob@example.com Bob\n1 S: LST 5 FL 9 2 2 carol@example.com C\n1 S: LST 5 FL 9 2 2 dave@example.com D",
			[]string{"lists.order: entry 2 of FL comes twice in a row"}},
		{"the first entry is the second", "syn 7\n1 S: LST 5 FL 9 2 2 bob@example.com Bob",
			[]string{"lists.order: FL begins with entry 2"}},
		{"its own challenge is not there, an earlier one was answered", "ns 7\n1 S: CHL 0 15570131571988941333\n1 C: QRY 21 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 21\n1 C: QRY 22 msmsgs@msnmsgr.com #|3b6666b60157322b6fc6e41a115968f5\n1 S: QRY 22",
			[]string{"challenge.unasked: no challenge was seen before"}},
		{"a wrong answer, then a right one to the next", "ns 7\n1 S: CHL 0 1\n1 S: CHL 0 15570131571988941333\n1 C: QRY 21 msmsgs@msnmsgr.com #|00000000000000000000000000000000\n1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: 540 21\n1 S: QRY 22",
			[]string{"challenge.mismatch: is wrong"}},
		{"a table of its own time", "ns8 12\n1 S: CHL 0 11111111111111111111\n1 C: " + qry + oldHash + "\n1 S: 540 22",
			[]string{"challenge.mismatch: is wrong"}},
		{"an older dialect", "ns8 10\n1 S: CHL 0 11111111111111111111\n1 C: " + qry + oldHash + "\n1 S: QRY 22",
			[]string{"challenge.algorithm: right by the algorithm of MSNP6-10"}},
		{"the reply three times", "ns 7\n1 C: CHG 5 NLN\n1 S: CHG 5 NLN\n1 S: ILN 5 NLN bob@example.com Bob\n1 S: CHG 5 NLN\n1 S: CHG 5 NLN",
			[]string{"trid.again: CHG in message", "trid.again: CHG in message"}},
		{"notes that are not answered", "ns8 15\n1 C: FQY 9 #|<ml>ab</ml>\n1 C: UUN 10 bob@example.com 5 #|hi\n1 C: CHG 11 NLN\n1 S: CHG 11 NLN",
			[]string{"trid.unanswered: FQY with TrID 9", "trid.unanswered: UUN with TrID 10"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := play(t, tt.script)
			found = slices.DeleteFunc(found, func(l Located) bool {
				return strings.HasPrefix(l.Rule, "signin.") || l.Rule == "version.form" || l.Rule == "version.command"
			})
			for i, l := range found {
				rule, text := "", ""
				if i < len(tt.want) {
					rule, text, _ = strings.Cut(tt.want[i], ": ")
				}
				if l.Rule != rule || !strings.Contains(l.Text, text) {
					t.Errorf("%v, want %q", l, tt.want)
				}
			}
			if len(found) < len(tt.want) {
				t.Errorf("%v, want %q", found, tt.want)
			}
		})
	}
}

// oldHash answers 11111111111111111111 by the algorithm of MSNP6-10 for
// PROD0090YUAUV{2B.
const oldHash = "4c956f3cfdb15699e8bb97d90ac594ec"
