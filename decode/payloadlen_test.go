package decode

import "testing"

// Which lines have a payload, and how long: the rule holds without dialect and
// direction, MSNP2 to MSNP21.
func TestPayloadLen(t *testing.T) {
	with := map[string]int{
		"MSG 4 N 133": 133, "MSG 4 D 1222": 1222, "MSG Hotmail Hotmail 95": 95, "MSG a@b Name 90 ": 90,
		"QRY 22 msmsgs@msnmsgr.com 32": 32, "PAG 23 bob@example.com 111": 111, "PGD 4 bob@example.com 1 61": 61,
		"SDC 2 bob@example.com 0x0409 MSMSGS MSMSGS X X Alice 5": 5, "SDC 2 b@c 1 M M X X N 0": 0,
		"NOT 293": 293, "IPG 410": 410, "UUX 9 115": 115, "UUX 8 0": 0,
		"UBX a@example.com 0": 0, "UBX bob@example.com 1 123": 123, "UBX 1:bob@example.com;via=9:x 139": 139,
		"GCF 5 Shields.xml 145": 145, "GCF 0 158": 158, "ADL 7 120": 120, "ADL 0 86": 86, "RML 0 53": 53,
		"FQY 14 60": 60, "UUN 20 a@b;{0f0e} 4 14": 14, "UUN 9 3": 3, "UBN a@b 3 20": 20, "UBN a@b;{0} 3 20": 20,
		"UUM 21 joe@yahoo.example 32 1 115": 115, "UBM joe@yahoo.example 32 2 90": 90, "UBM a@b 32 c@d 1 2 90": 90,
		"SDG 0 512": 512, "NFY PUT 20": 20, "NFY DEL 0": 0, "PUT 35 OK 165": 165, "PUT 36 OK 0": 0, "PUT 3 7": 7,
		"DEL 44 OK 9": 9, "DEL 44 9": 9, "VAS 3 a@b 1 2 30": 30, "GET 3 x 30": 30, "FSL 3 30": 30,
		`XFR 2 CON 42`: 42, `XFR CON\USER 42`: 42, `XFR  2  CON  42 `: 42, `OUT CON 0`: 0, `OUT CON 5`: 5, `OUT 9 MSGR\THREAD 7`: 7,
		`PNG 9 CON 0`: 0, `PNG CON 3`: 3, `PNG 9 MSGR 1073741825`: 1 << 30, `PUT 4 MSGR\CONTACT 9`: 9, `CNT 1 CON 10`: 10,
		`911 2 CON 5`: 5, `911 2 CON\USER 5 `: 5, `715 MSGR 8`: 8, `715 MSGR\PUT 0`: 0,
		"241 12 345": 345, "801 45 5": 5, "911 12 0": 0,
	}
	for line, want := range with {
		if got := payloadLen([]byte(line)); got != want {
			t.Errorf("%q: %d, want %d", line, got, want)
		}
	}
	for _, line := range []string{
		"ADL 7 OK", "RML 7 OK", "UUX 8", "UUN 9 OK", "PUT 36 OK", "DEL 44 OK", "SDG 3 OK", "QRY 12", "QRY 7",
		"GCF 5 Shields.xml", "241 12", "282", "911 12", "911 12 text 5", "217 User 5", "SDC 2 OK",
		"CHL 0 22210219642164014968", "CHL 7", "QNG 41", "ADG 10 10 Friends 2 0", "RMG 14 2", "REG 11 2 Pals 0",
		"LSG 1 Friends 0", "LST bob@example.com Bob 11 0", "LST a@b B 3", "SYN 8 27 5 3", "GTC 145 A", "BLP 146 AL",
		"ADD 9 FL 101 a@b b 0", "REM 9 FL 102 a@b 0", "BPR a@b PHM tel:+15550100", "PRP PHH 555%20123", "SBP 3 x MOB 1",
		"NLN NLN a@b A 268435492", "ILN 9 AWY a@b A 268435492", "CHG 9 NLN 268435492", "FLN a@b 32 0", "FLN a@b 0:0",
		"JOI a@b A 805306412", "IRO 3 1 1 a@b A 805306412", "BYE a@b 1", "CAL 2 RINGING 20481234",
		"ANS 1 a@b 1234567.890123456 20481234", "USR 6 OK a@b 1 0", "VER 1 0", "OUT RCT 5",
		"XFR 3 SB a:1 CKI 1 U messenger.msn.com 1", "RNG 1 a:1 CKI 1 a@b A U m 1", "ACK 3", "NAK 3", "RFS 3",
		"IMS 7 0 OFF", "SND 3 OK", "SBS 0 SC=1;PS=1", "URL 9 /cgi-bin/x https://l.example/ 2", "715 9",
		`XFR 2 CONX 42`, `XFR x CON 42`, `XFR 2 2 CON 42`, `XFR 2 CON x`, `XFR 2 CON`, `XFR 42`, `XFR 2 SB CON 5`, `XFR 2 con 5`, `XFR 2 CON -5`,
		`OUT CON`, `OUT TOU 5`, `OUT a CON 5`, `PNG 5`, `PNG 5 5`, `911 2 CONX 5`, `911 x CON 5`, `911 2 2 CON 5`, `911 CON`, `911 2 CON`, `911 2 CON x`,
		`JOI CON 5`, `LSG 5 CON 5`, `QNG 5 CON 5`,
		"FND 1 0 0", "FIL 11", "ZZZ 5", "MSG 4 N", "MSG 4 N abc", "NOT", "MSG  5 A", "UUM 1 2", "MSG 4 N -5", "MSG 4 N 5x",
	} {
		if got := payloadLen([]byte(line)); got != -1 {
			t.Errorf("%q: %d, want none", line, got)
		}
	}
	for _, line := range []string{"MSG 4 N 99999999999999999999", "NOT 18446744073709551617", "MSG a b 1048577"} {
		if got := payloadLen([]byte(line)); got <= DefaultMaxPayload {
			t.Errorf("%q: %d is not too long", line, got)
		}
	}
}
