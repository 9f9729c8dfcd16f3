package check

// fixture is a pair of scripts for a rule: one that breaks it, and one that is
// as near as can be and doesn't. also are the rules that the first breaks with
// it, and that either may.
type fixture struct {
	bad, good string
	also      []string
}

var fixtures = map[string]fixture{
	"frame.opaque":   {bad: "ns 7\n1 S! \\x01\\x02\\x03\\x04!\\r\\n\n1 S: QNG", good: "ns 7\n1 C: PNG\n1 S: QNG"},
	"frame.blank":    {bad: "ns 7\n1 S! \\r\\n", good: "ns 7\n1 S! CHL 0 1\\r\\n", also: []string{"challenge.unanswered"}},
	"frame.length":   {bad: "talk 7\n2 S! MSG bob@example.com Bob 100\\r\\nMIME\n2 close", good: "talk 7\n2 S: MSG bob@example.com Bob #|$text\n2 close"},
	"frame.cut":      {bad: "ns 7\n1 C! OUT\n1 close", good: "ns 7\n1 C: OUT\n1 close"},
	"frame.line-end": {bad: "ns 7\n1 C! OUT\\n", good: "ns 7\n1 C: OUT"},
	"frame.lost":     {bad: "ns 7\n1 lost S 100", good: "ns 7\n1 close"},

	"line.blanks":    {bad: "ns 7\n1 C: OUT ", good: "ns 7\n1 C: OUT"},
	"line.sender":    {bad: "ns 7\n1 C: NLN BSY bob@example.com Bob", good: "ns 7\n1 S: NLN BSY bob@example.com Bob"},
	"line.role":      {bad: "talk 7\n2 C: PNG", good: "talk 7\n1 C: PNG"},
	"line.missing":   {bad: "ns 7\n1 S: NLN BSY", good: "ns 7\n1 S: NLN BSY bob@example.com Bob"},
	"line.extra":     {bad: "ns 7\n1 C: REA 5 bob@example.com B%20B\n1 S: REA 5 3 bob@example.com B B", good: "ns 7\n1 C: REA 5 bob@example.com B%20B\n1 S: REA 5 3 bob@example.com B%20B"},
	"line.parameter": {bad: "ns 7\n1 C: LST 5 XL\n1 S: 201 5", good: "ns 7\n1 C: LST 5 BL\n1 S: LST 5 BL 3 0 0"},
	"line.error":     {bad: "ns 7\n1 C: CHG 5 NLN\n1 S: 499 5", good: "ns 7\n1 C: CHG 5 NLN\n1 S: 201 5"},

	"payload.form": {
		bad:  "ns 7\n1 S: MSG Hotmail Hotmail #|MIME-Version: 1.0|Content-Type: text/x-msmsgsinitialemailnotification||a: 1|",
		good: "ns 7\n1 S: MSG Hotmail Hotmail #|MIME-Version: 1.0|Content-Type: text/x-msmsgsinitialemailnotification||Inbox-Unread: 1|",
	},
	"payload.xml":    {bad: "ns 7\n1 S: NOT #|<a><b></a", good: "ns 7\n1 S: NOT #|<NOTIFICATION/>"},
	"payload.length": {bad: "talk 7\n2 S: MSG bob@example.com Bob #|$text\n2 S! \\r\\n", good: "talk 7\n2 S: MSG bob@example.com Bob #|$text|\n2 S: BYE bob@example.com"},
	"payload.characters": {
		bad:  "talk 7\n2 S! MSG bob@example.com Bob 65\\r\\nMIME-Version: 1.0\\r\\nContent-Type: text/plain; charset=UTF-8\\r\\n\\r\\n\u00e4\u00f6\u00fcBYE bob@example.com\\r\\n",
		good: "talk 7\n2 S: MSG bob@example.com Bob #|$text\u00e4\u00f6\u00fc\n2 S: BYE bob@example.com",
		also: []string{"mime.text"},
	},

	"mime.version":         {bad: "talk 7\n2 C: MSG 3 N #|Content-Type: text/plain||hi", good: "talk 7\n2 C: MSG 3 N #|$text"},
	"mime.type":            {bad: "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0||hi", good: "talk 7\n2 C: MSG 3 N #|Message-ID: {1}|Chunk: 1||hi"},
	"mime.order":           {bad: "talk 7\n2 C: MSG 3 N #|Content-Type: text/plain|MIME-Version: 1.0||hi", good: "talk 7\n2 C: MSG 3 N #|$text"},
	"mime.end":             {bad: "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0|Content-Type: text/plain|", good: "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0|Content-Type: text/plain||"},
	"mime.colon":           {bad: "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0|Content-Type: text/plain|oops||hi", good: "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0|Content-Type: text/plain|oops:||hi"},
	"mime.typing":          {bad: "talk 7\n2 C: MSG 3 U #|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol|||", good: "talk 7\n2 C: MSG 3 U #|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol|TypingUser: alice@example.com|||"},
	"mime.typing-user":     {bad: "talk 7\n2 S: MSG bob@example.com Bob #|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol|TypingUser: carol@example.com|||", good: "talk 7\n2 S: MSG bob@example.com Bob #|MIME-Version: 1.0|Content-Type: text/x-msmsgscontrol|TypingUser: Bob@example.com|||"},
	"mime.format":          {bad: "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0|Content-Type: text/plain|X-MMS-IM-Format: FN=Arial; EF=bold; CO=0; CS=0; PF=22||hi", good: "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0|Content-Type: text/plain|X-MMS-IM-Format: FN=Arial; EF=BI; CO=ff00; CS=0; PF=22; RL=1||hi"},
	"mime.charset":         {bad: "talk 7\n2 C: MSG 3 N #|$plainiso-8859-1||hi", good: "talk 7\n2 C: MSG 3 N #|$plainutf-8||hi"},
	"mime.charset-unknown": {bad: "talk 7\n2 C: MSG 3 N #|$plainx-klingon||hi", good: "talk 7\n2 C: MSG 3 N #|$plainwindows-1252||hi", also: []string{"mime.charset"}},
	"mime.text":            {bad: "talk 7\n2 C! MSG 3 N 63\\r\\nMIME-Version: 1.0\\r\\nContent-Type: text/plain; charset=UTF-8\\r\\n\\r\\n\\xe4", good: "talk 7\n2 C: MSG 3 N #|MIME-Version: 1.0|Content-Type: text/plain||\u00e4"},

	"trid.form":       {bad: "ns 7\n1 C: CHG x NLN", good: "ns 7\n1 C: CHG 5 NLN\n1 S: CHG 5 NLN"},
	"trid.range":      {bad: "ns 7\n1 C: CHG 4294967296 NLN", good: "ns 7\n1 C: CHG 4294967295 NLN\n1 S: CHG 4294967295 NLN"},
	"trid.reused":     {bad: "ns 7\n1 C: CHG 5 NLN\n1 C: URL 5 INBOX\n1 S: CHG 5 NLN\n1 S: URL 5 /a http://b 2", good: "ns 7\n1 C: CHG 5 NLN\n1 C: URL 6 INBOX\n1 S: CHG 5 NLN\n1 S: URL 6 /a http://b 2", also: []string{"trid.abandoned", "trid.unanswered"}},
	"trid.order":      {bad: "ns 7\n1 C: CHG 5 NLN\n1 S: CHG 5 NLN\n1 C: CHG 5 BSY\n1 S: CHG 5 BSY", good: "ns 7\n1 C: CHG 5 NLN\n1 S: CHG 5 NLN\n1 C: CHG 7 BSY\n1 S: CHG 7 BSY"},
	"trid.unknown":    {bad: "ns 7\n1 S: CHG 77 NLN", good: "ns 7\n1 S: CHG 0 FLN"},
	"trid.early":      {bad: "ns 7\n1 S: CHG 5 NLN\n1 C: CHG 5 NLN", good: "ns 7\n1 C: CHG 5 NLN\n1 S: CHG 5 NLN"},
	"trid.unanswered": {bad: "ns 7\n1 C: REA 5 alice@example.com A\n1 C: CHG 6 NLN\n1 S: CHG 6 NLN", good: "ns 7\n1 C: REA 5 alice@example.com A\n1 C: CHG 6 NLN\n1 S: CHG 6 NLN\n1 S: REA 5 3 alice@example.com A"},
	"trid.abandoned":  {bad: "ns 7\n1 C: CHG 5 NLN\n1 close", good: "ns 7\n1 C: CHG 5 NLN\n1 S: 201 5\n1 close"},
	"trid.missing":    {bad: "talk 7\n2 C: CAL 3 carol@example.com\n2 S: 217 User not online", good: "talk 7\n2 C: CAL 3 carol@example.com\n2 S: 217 3"},

	"version.unknown-command": {bad: "ns 7\n1 C: ZZZ 5", good: "ns 7\n1 C: URL 5 INBOX\n1 S: URL 5 /a http://b 2"},
	"version.form":            {bad: "ns 5\n1 C: LSG 5\n1 S: 200 5", good: "ns 7\n1 C: LSG 5\n1 S: 200 5"},
	"version.first":           {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: USR 1 MD5 I alice@example.com\n1 S: USR 1 MD5 S 1", good: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: USR 1 MD5 I alice@example.com\n1 S: USR 1 MD5 S 1"},
	"version.repeated":        {bad: "ns 7\n1 C: VER 5 MSNP7 CVR0\n1 S: VER 5 MSNP7", good: "ns 7\n1 S: XFR 0 NS 0\n1 C: VER 5 MSNP7 CVR0\n1 S: VER 5 MSNP7\n1 C: USR 6 MD5 I alice@example.com\n1 S: USR 6 MD5 S 1"},
	"version.cvr0":            {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7\n1 S: VER 1 MSNP7", good: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 cvr0\n1 S: VER 1 MSNP7"},
	"version.choice":          {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP5", good: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 msnp7 CVR0\n1 S: VER 1 MSNP7"},
	"version.several":         {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7 CVR0", good: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 CVR0"},
	"version.refused":         {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 0", good: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7"},

	"signin.response":    {bad: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: USR 7 MD5 S secret\n1 S: USR 7 OK alice@example.com Alice", good: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: USR 7 MD5 S f59af8f2fa91d38aff7c870c17f99903\n1 S: USR 7 OK alice@example.com Alice"},
	"signin.unasked":     {bad: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: USR 6 MD5 I alice@example.com\n1 C: USR 7 MD5 S f59af8f2fa91d38aff7c870c17f99903", good: "ns 7"},
	"signin.mismatch":    {bad: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: USR 6 MD5 I alice@example.com\n1 S: USR 6 MD5 S 1\n1 C: USR 7 MD5 S f59af8f2fa91d38aff7c870c17f99903\n1 S: 911 7", good: "ns 7", also: []string{"signin.refused"}},
	"signin.order":       {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: SYN 2 0\n1 S: 302 2", good: "syn 7"},
	"signin.cvr":         {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP7 CVR0\n1 S: VER 1 MSNP7\n1 C: CVR 2 0x0409 win 4.10 i386 MSMSGS 4.5.0121 MSMSGS\n1 S: 731 2", good: "ns 7\n1 C: CVR 5 0x0409 win 4.10 i386 MSMSGS 4.5.0121 MSMSGS\n1 S: CVR 5 4.5.0121 4.5.0121 1.0.0863 http://a http://b"},
	"signin.inf":         {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP8 CVR0\n1 S: VER 1 MSNP8\n1 C: INF 2\n1 S: 500 2", good: "ns 7"},
	"signin.package":     {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP8 CVR0\n1 S: VER 1 MSNP8\n1 C: USR 2 MD5 I alice@example.com\n1 S: 502 2", good: "ns8 8", also: []string{"signin.refused"}},
	"signin.not-offered": {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP2 CVR0\n1 S: VER 1 MSNP2\n1 C: INF 2\n1 S: INF 2 MD5\n1 C: USR 3 CTP I alice@example.com\n1 S: USR 3 CTP S", good: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP2 CVR0\n1 S: VER 1 MSNP2\n1 C: INF 2\n1 S: INF 2 MD5 CTP\n1 C: USR 3 CTP I alice@example.com\n1 S: USR 3 CTP S"},
	"signin.repeated":    {bad: "ns 7\n1 C: USR 5 MD5 I alice@example.com\n1 S: 207 5", good: "ns 7", also: []string{"signin.refused"}},
	"signin.other":       {bad: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP8 CVR0\n1 S: VER 1 MSNP8\n1 C: USR 2 TWN I alice@example.com\n1 S: USR 2 OK bob@example.com Bob 1 0", good: "1 open 10.0.0.9:1 10.0.0.5:1863\n1 C: VER 1 MSNP8 CVR0\n1 S: VER 1 MSNP8\n1 C: USR 2 TWN I Alice@example.com\n1 S: USR 2 OK alice@example.com Alice 1 0"},
	"signin.refused":     {bad: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: USR 3 MD5 I carol@example.com\n1 S: 911 3", good: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: USR 3 MD5 I carol@example.com\n1 S: USR 3 MD5 S 1"},

	"challenge.mismatch": {bad: "ns 7\n1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com #|00000000000000000000000000000000\n1 S: 540 22", good: "ns 7\n1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 22"},
	"challenge.product":  {bad: "ns 7\n1 S: CHL 0 1\n1 C: QRY 22 nobody #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 22", good: "ns 7\n1 S: CHL 0 11111111111111111111\n1 C: QRY 22 PROD0038W!61ZTF9 #|24e9d73d581c8068aa24b0d8af4dae13\n1 S: QRY 22"},
	"challenge.unasked":  {bad: "ns 7\n1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 22", good: "ns 7\n1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 22"},
	"challenge.accepted": {bad: "ns 7\n1 S: CHL 0 1\n1 C: QRY 22 msmsgs@msnmsgr.com #|00000000000000000000000000000000\n1 S: QRY 22", good: "ns 7\n1 S: CHL 0 1\n1 C: QRY 22 msmsgs@msnmsgr.com #|00000000000000000000000000000000\n1 S: 540 22", also: []string{"challenge.mismatch"}},
	"challenge.refused":  {bad: "ns 7\n1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: 540 22", good: "ns 7\n1 S: CHL 0 15570131571988941333\n1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 22"},
	"challenge.form":     {bad: "ns 7\n1 S: CHL 0 1\n1 C: QRY 22 nobody #|8f2f5a91b72102cd28355e9fc9000d6e|\n1 S: 540 22", good: "ns 7\n1 S: CHL 0 1\n1 C: QRY 22 nobody #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 22", also: []string{"challenge.product"}},
	"challenge.late":     {bad: "ns 7\n1 S: CHL 0 15570131571988941333\n+51s\n1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 22", good: "ns 7\n1 S: CHL 0 15570131571988941333\n+49s\n1 C: QRY 22 msmsgs@msnmsgr.com #|8f2f5a91b72102cd28355e9fc9000d6e\n1 S: QRY 22"},
	"challenge.unanswered": {
		bad:  "ns 7\n1 S: CHL 0 1\n+60s\n1 S: OUT\n1 close",
		good: "ns 7\n1 S: CHL 0 1\n+1s\n1 C: OUT\n1 close",
	},

	"redirect.port":        {bad: "ns 7\n1 S: XFR 0 NS 64.4.12.133 0 10.0.0.5:1863", good: "ns 7\n1 S: XFR 0 NS 64.4.12.133:1863 0 10.0.0.5:1863"},
	"redirect.unspecified": {bad: "ns 7\n1 S: XFR 0 NS 0.0.0.0:1863 0 10.0.0.5:1863", good: "ns 7\n1 S: XFR 0 NS 0"},
	"redirect.private":     {bad: "1 mid 10.0.0.9:1 64.4.12.133:1863\n1 S: RNG 4711 127.0.0.1:1863 CKI 84.5 bob@example.com Bob", good: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 S: RNG 4711 127.0.0.1:1863 CKI 84.5 bob@example.com Bob"},
	"redirect.cookie":      {bad: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: XFR 6 SB\n1 S: XFR 6 SB 10.0.1.2:1863 CKI", good: "1 mid 10.0.0.9:1 10.0.0.5:1863\n1 C: XFR 6 SB\n1 S: XFR 6 SB 10.0.1.2:1863 CKI 17.1"},
	"redirect.layout":      {bad: "ns 7\n1 S: XFR 0 NS 64.4.12.133:1863", good: "ns 5\n1 S: XFR 0 NS 64.4.12.133:1863 0"},
	"redirect.ignored":     {bad: "1 open 10.0.0.9:1 10.0.0.1:1863\n1 C: VER 1 MSNP2 CVR0\n1 S: VER 1 MSNP2\n1 C: USR 2 MD5 I carol@example.com\n1 S: XFR 2 NS 10.0.0.5:1863\n1 C: INF 3\n1 S: INF 3 MD5", good: "1 open 10.0.0.9:1 10.0.0.1:1863\n1 C: VER 1 MSNP2 CVR0\n1 S: VER 1 MSNP2\n1 C: USR 2 MD5 I carol@example.com\n1 S: XFR 2 NS 10.0.0.5:1863\n1 C: OUT"},

	"lists.again":    {bad: "syn 7\n1 C: SYN 6 9\n1 S: SYN 6 9", good: "syn 7"},
	"lists.unneeded": {bad: "ns 7\n1 C: SYN 5 9\n1 S: SYN 5 9\n1 S: LST 5 FL 9 0 0", good: "ns 7\n1 C: SYN 5 8\n1 S: SYN 5 9\n1 S: LST 5 FL 9 0 0"},
	"lists.version":  {bad: "syn 7\n1 C: BLP 6 BL\n1 S: BLP 6 8 BL", good: "syn 7\n1 C: BLP 6 BL\n1 S: BLP 6 10 BL"},
	"lists.swapped":  {bad: "syn 7\n1 S: LST 5 AL 9 2 1 bob@example.com Bob\n1 S: LST 5 AL 9 2 2 carol@example.com Carol", good: "syn 7\n1 S: LST 5 AL 9 1 2 bob@example.com Bob\n1 S: LST 5 AL 9 2 2 carol@example.com Carol"},
	"lists.order":    {bad: "syn 7\n1 S: LST 5 AL 9 1 3 bob@example.com Bob\n1 S: LST 5 AL 9 3 3 carol@example.com Carol", good: "syn 7\n1 S: LST 5 AL 9 1 2 bob@example.com Bob\n1 S: LST 5 AL 9 2 2 carol@example.com Carol"},
	"lists.count":    {bad: "syn 7\n1 S: LST 5 AL 9 1 2 bob@example.com Bob\n1 S: LST 5 BL 9 0 0", good: "syn 7\n1 S: LST 5 AL 9 1 1 bob@example.com Bob\n1 S: LST 5 BL 9 0 0"},
	"lists.twice":    {bad: "syn 7\n1 S: LST 5 AL 9 1 2 bob@example.com Bob\n1 S: LST 5 AL 9 2 2 Bob@example.com Bob", good: "syn 7\n1 S: LST 5 AL 9 1 1 bob@example.com Bob\n1 S: LST 5 RL 9 1 1 bob@example.com Bob"},
	"lists.both": {
		bad:  "syn 7\n1 S: LST 5 AL 9 1 1 bob@example.com Bob\n1 C: ADD 6 BL bob@example.com Bob\n1 S: ADD 6 BL 10 bob@example.com Bob",
		good: "syn 7\n1 S: LST 5 AL 9 1 1 bob@example.com Bob\n1 C: REM 6 AL bob@example.com\n1 S: REM 6 AL 10 bob@example.com\n1 C: ADD 7 BL bob@example.com Bob\n1 S: ADD 7 BL 11 bob@example.com Bob",
	},
	"lists.reverse":  {bad: "ns 7\n1 C: ADD 6 RL bob@example.com Bob\n1 close", good: "ns 7\n1 S: ADD 0 RL 10 bob@example.com Bob\n1 close", also: []string{"trid.abandoned"}},
	"lists.group":    {bad: "syn 7\n1 S: LSG 5 9 1 1 0 Other%20Contacts 0\n1 S: LST 5 FL 9 1 1 bob@example.com Bob 0,3", good: "syn 7\n1 S: LSG 5 9 1 1 0 Other%20Contacts 0\n1 C: ADG 6 Pals 0\n1 S: ADG 6 10 Pals 3 0\n1 C: ADD 7 FL bob@example.com Bob 3\n1 S: ADD 7 FL 11 bob@example.com Bob 3"},
	"lists.group-id": {bad: "ns 7\n1 C: RMG 6 30\n1 S: 224 6", good: "ns 7\n1 C: RMG 6 29\n1 S: 224 6"},
	"lists.property": {bad: "ns 7\n1 C: PRP 6 XYZ 1\n1 S: 715 6", good: "ns 7\n1 C: PRP 6 MOB Y\n1 S: PRP 6 10 MOB Y"},

	"presence.status":   {bad: "ns 7\n1 S: NLN ZZZ bob@example.com Bob", good: "ns 7\n1 S: NLN BRB bob@example.com Bob"},
	"presence.offline":  {bad: "ns 7\n1 S: NLN HDN bob@example.com Bob", good: "ns 7\n1 S: FLN bob@example.com"},
	"presence.stranger": {bad: "syn 7\n1 S: LST 5 FL 9 1 1 bob@example.com Bob 0\n1 S: NLN NLN carol@example.com Carol", good: "syn 7\n1 S: LST 5 FL 9 1 1 bob@example.com Bob 0\n1 C: ADD 6 FL carol@example.com Carol 0\n1 S: ILN 6 NLN carol@example.com Carol\n1 S: ADD 6 FL 10 carol@example.com Carol 0"},
	"presence.other":    {bad: "ns 7\n1 C: CHG 6 NLN\n1 S: CHG 6 HDN", good: "ns 7\n1 C: CHG 6 NLN\n1 S: CHG 6 NLN"},

	"name.length": {bad: "ns 7\n1 S: NLN NLN bob@example.com $300$100", good: "ns 7\n1 S: NLN NLN bob@example.com $300"},
	"name.handle": {bad: "ns 7\n1 S: FLN $100$100@example.com", good: "ns 7\n1 S: FLN $100@example.com"},
	"name.group":  {bad: "ns 7\n1 C: ADG 6 $100 0\n1 S: 229 6", good: "ns 7\n1 C: ADG 6 Pals 0\n1 S: ADG 6 3 Pals 1 0"},
	"name.phone":  {bad: "ns 7\n1 C: PRP 6 PHH $100\n1 close", good: "ns 7\n1 C: PRP 6 PHH 123\n1 S: PRP 6 3 PHH 123\n1 close", also: []string{"trid.abandoned"}},
	"name.escape": {bad: "ns 7\n1 S: NLN NLN bob@example.com 100%\n1 S: NLN BSY bob@example.com 100%", good: "ns 7\n1 S: NLN NLN bob@example.com 100%25"},
	"name.raw":    {bad: "ns 7\n1 S: NLN NLN bob@example.com B\u00f6b", good: "ns 7\n1 S: NLN NLN bob@example.com B%C3%B6b"},
	"name.utf-8":  {bad: "ns 7\n1 S: NLN NLN bob@example.com B%F6b", good: "ns 7\n1 S: NLN NLN bob@example.com B%C3%B6b"},

	"switchboard.hidden":  {bad: "ns 7\n1 C: CHG 5 HDN\n1 S: CHG 5 HDN\n1 C: XFR 6 SB\n1 S: 913 6", good: "ns 7\n1 C: CHG 5 BSY\n1 S: CHG 5 BSY\n1 C: XFR 6 SB\n1 S: XFR 6 SB 10.0.1.2:1863 CKI 17.1"},
	"switchboard.cookie":  {bad: "ring 7\n2 C: ANS 1 alice@example.com 99.9 4711\n2 S: 911 1", good: "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: ANS 1 OK", also: []string{"signin.refused"}},
	"switchboard.reused":  {bad: "call 7\n3 open 10.0.0.9:1032 10.0.1.2:1863\n3 C: USR 1 alice@example.com 17.1\n3 S: USR 1 OK alice@example.com Alice", good: "call 7"},
	"switchboard.shared":  {bad: "call 7\n1 S: RNG 4711 10.0.1.2:1863 CKI 17.1 bob@example.com Bob", good: "call 7\n1 S: RNG 4711 10.0.1.2:1863 CKI 17.2 bob@example.com Bob"},
	"switchboard.late":    {bad: "ring 7\n+4m\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: ANS 1 OK", good: "ring 7\n+2m\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: ANS 1 OK"},
	"switchboard.handle":  {bad: "ring 7\n2 C: ANS 1 bob@example.com 84.5 4711\n2 S: ANS 1 OK", good: "ring 7\n2 C: ANS 1 Alice@Example.com 84.5 4711\n2 S: ANS 1 OK"},
	"switchboard.session": {bad: "ring 7\n2 C: ANS 1 alice@example.com 84.5 4712\n2 close", good: "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: ANS 1 OK\n2 close"},
	"switchboard.order":   {bad: "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 C: CAL 2 carol@example.com\n2 S: ANS 1 OK\n2 S: 217 2", good: "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: ANS 1 OK\n2 C: CAL 2 carol@example.com\n2 S: 217 2"},
	"switchboard.roster":  {bad: "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: IRO 1 1 2 bob@example.com Bob\n2 S: ANS 1 OK", good: "ring 7\n2 C: ANS 1 alice@example.com 84.5 4711\n2 S: IRO 1 1 2 bob@example.com Bob\n2 S: IRO 1 2 2 carol@example.com Carol\n2 S: ANS 1 OK"},
	"switchboard.ringing": {bad: "call 7\n2 C: CAL 2 bob@example.com\n2 S: CAL 2 RINGING 4711\n2 close", good: "call 7\n2 C: CAL 2 bob@example.com\n2 S: 217 2\n2 close"},
	"switchboard.present": {bad: "talk 7\n2 S: JOI bob@example.com Bob", good: "talk 7\n2 S: BYE bob@example.com\n2 S: JOI bob@example.com Bob\n2 S: JOI alice@example.com Alice"},
	"switchboard.stranger": {
		bad:  "talk 7\n2 S: MSG carol@example.com Carol #|$text\n2 S: BYE carol@example.com",
		good: "talk 7\n2 S: MSG Bob@example.com Bob #|$text\n2 S: BYE bob@example.com",
	},
	"switchboard.nobody": {bad: "call 7\n2 C: MSG 2 N #|$text\n2 C: MSG 3 N #|$text", good: "talk 7\n2 S: BYE bob@example.com\n2 C: MSG 3 N #|$text\n2 S: NAK 3"},
	"switchboard.size":   {bad: "talk 7\n2 C: MSG 3 N #|$text$1700", good: "talk 7\n2 C: MSG 3 N #|$text$300"},
	"switchboard.mode":   {bad: "talk 7\n2 C: MSG 3 D #|$text\n2 S: ACK 3", good: "talk 7\n2 C: MSG 3 A #|$text\n2 S: ACK 3"},
	"switchboard.ack":    {bad: "talk 7\n2 C: MSG 3 N #|$text\n2 S: ACK 3", good: "talk 7\n2 C: MSG 3 A #|$text\n2 S: ACK 3"},
	"switchboard.nak":    {bad: "talk 7\n2 C: MSG 3 U #|$text\n2 S: NAK 3", good: "talk 7\n2 C: MSG 3 N #|$text\n2 S: NAK 3"},

	"session.ping":      {bad: "ns 7\n1 C: PNG\n1 C: PNG", good: "ns 7\n1 C: PNG\n1 S: QNG\n1 C: PNG"},
	"session.pong":      {bad: "ns 7\n1 C: PNG\n1 S: QNG\n1 S: QNG\n1 S: QNG", good: "ns 7\n1 S: QNG\n1 C: PNG\n1 C: PNG\n1 S: QNG"},
	"session.after-out": {bad: "ns 7\n1 C: OUT\n1 C: CHG 5 NLN\n1 S: CHG 5 NLN", good: "ns 7\n1 C: OUT\n1 S: NLN BSY bob@example.com Bob\n1 S: OUT"},
	"session.reason":    {bad: "ns 7\n1 S: OUT MIG", good: "ns 7\n1 S: OUT SSD"},
	"transfer.size": {
		bad:  "1 open 10.0.0.9:1 10.0.0.8:6891\n1 C: VER MSNFTP\n1 S: VER MSNFTP\n1 C: USR bob@example.com 1\n1 S: FIL 5\n1 C: TFR\n1 S! \\x00\\x03\\x00abc\n1 S! \\x01\\x00\\x00\n1 C: BYE 16777989",
		good: "1 open 10.0.0.9:1 10.0.0.8:6891\n1 C: VER MSNFTP\n1 S: VER MSNFTP\n1 C: USR bob@example.com 1\n1 S: FIL 5\n1 C: TFR\n1 S! \\x00\\x03\\x00abc\n1 S! \\x00\\x02\\x00de\n1 C: BYE 16777989",
	},
}
