package service

// Sign-in: what comes before USR TWN S and USR SSO S.

var tokenAnswer = []Param{
	{Name: "address", Where: "AppliesTo/EndpointReference/Address", Many: true},
	{Name: "token", Where: "RequestedSecurityToken/BinarySecurityToken", Kind: Token, Many: true},
	{Name: "ciphertoken", Where: "RequestedSecurityToken/EncryptedData/CipherData/CipherValue", Kind: Token, Many: true},
	{Name: "secret", Where: "RequestedProofToken/BinarySecret", Kind: Secret, Many: true},
	{Name: "created", Where: "LifeTime/Created", Kind: Time, Many: true},
	{Name: "expires", Where: "LifeTime/Expires", Kind: Time, Many: true},
	{Name: "puid", Where: "pp/PUID", Kind: ID},
	{Name: "redirect", Where: "Fault/redirectUrl", Kind: URL},
	{Name: "reqstatus", Where: "pp/reqstatus"},
	{Name: "authstate", Where: "pp/authstate"},
}

var tokenAsk = []Param{
	{Name: "handle", Where: "UsernameToken/Username", Kind: Account},
	{Name: "password", Where: "UsernameToken/Password", Kind: Password},
	{Name: "app", Where: "AuthInfo/HostingApp"},
	{Name: "address", Where: "AppliesTo/EndpointReference/Address", Many: true},
	{Name: "policy", Where: "PolicyReference/@URI", Kind: ID, Many: true},
	{Name: "created", Where: "Timestamp/Created", Kind: Time},
	{Name: "expires", Where: "Timestamp/Expires", Kind: Time},
}

const (
	tokenAnswered = "RequestSecurityTokenResponseCollection RequestSecurityTokenResponse"
	tokenRoots    = "RequestMultipleSecurityTokens RequestSecurityToken"
)

var signInRows = []Action{
	{Name: "nexus", Service: "nexus", Meaning: "where to sign in (MSNP8 to 10)", Methods: "GET HEAD", Hosts: "nexus.passport.com",
		Paths: "/rdr/pprdr.asp", Marks: "PassportURLs",
		Asks: "where to sign in?", Answers: "sign in at {login}",
		Answer: []Param{
			{Name: "login", Where: ":PassportURLs/DALogin", Kind: Host},
			{Name: "register", Where: ":PassportURLs/DAReg", Kind: URL},
			{Name: "realm", Where: ":PassportURLs/DARealm"},
			{Name: "configversion", Where: ":PassportURLs/ConfigVersion"},
		}},
	{Name: "login2", Service: "Passport", Meaning: "password against a ticket for USR TWN S (MSNP8 to 10)", Methods: "GET POST", Hosts: "login.passport.com loginnet.passport.com",
		Paths: "/login2.srf", Marks: "Authentication-Info WWW-Authenticate", Issues: true,
		Asks: "{handle} signs in", Answers: "{status}",
		Ask: []Param{
			{Name: "handle", Where: ":Authorization/sign-in", Kind: Account},
			{Name: "password", Where: ":Authorization/pwd", Kind: Password},
			{Name: "site", Where: ":Authorization/id"},
			{Name: "policy", Where: ":Authorization/ct", Kind: Time},
		},
		Answer: []Param{
			{Name: "status", Where: ":Authentication-Info/da-status"},
			{Name: "token", Where: ":Authentication-Info/from-PP", Kind: Token},
			{Name: "refused", Where: ":WWW-Authenticate/da-status"},
			{Name: "why", Where: ":WWW-Authenticate/cbtxt"},
			{Name: "location", Where: ":Location", Kind: Host},
		}},
	{Name: "RST2", Service: "Passport", Meaning: "password against tokens (programs of 2009 and later)", Hosts: "login.live.com msnia.login.live.com",
		Paths: "/rst2.srf", Root: tokenRoots, Answered: tokenAnswered, Issues: true,
		Asks: "{handle} asks for tokens: {address}", Answers: "tokens for {address}", Ask: tokenAsk, Answer: tokenAnswer},
	{Name: "RST", Service: "Passport", Meaning: "password against tokens (programs 7.5 to 8.5)", Hosts: "login.live.com login.passport.com loginnet.passport.com",
		Paths: "rst.srf", Root: tokenRoots, Answered: tokenAnswered, Issues: true,
		Asks: "{handle} asks for tokens: {address}", Answers: "tokens for {address}", Ask: tokenAsk, Answer: tokenAnswer},
	{Name: "sha1auth", Service: "Passport", Meaning: "opens a web page as somebody who is signed in", Methods: "GET POST", Hosts: "login.live.com loginnet.passport.com",
		Paths: "/sha1auth.srf /md5auth.srf", Asks: "{handle} opens {page}", Answers: "{location}",
		Ask: []Param{
			{Name: "handle", Where: "?username", Kind: Account},
			{Name: "token", Where: "?token", Kind: Token},
			{Name: "auth", Where: "?auth", Kind: Token},
			{Name: "creds", Where: "?creds", Kind: Token},
			{Name: "page", Where: "?rru", Kind: URL},
			{Name: "site", Where: "?id"},
		},
		Answer: []Param{{Name: "location", Where: ":Location", Kind: Host}}},
	{Name: "GetClientConfig", Service: "MsgrConfig", Meaning: "addresses that the client is to use", Methods: "GET POST", Hosts: "config.messenger.msn.com",
		Paths: "/msgrconfig.asmx /msgrconfig", Answered: "GetClientConfigResponse MsgrConfig",
		Asks: "what to use[ in {country}][, version {ver}]?", Answers: "",
		Ask: []Param{
			{Name: "country", Where: "clientinfo/Country"},
			{Name: "lcid", Where: "clientinfo/CLCID"},
			{Name: "ver", Where: "clientinfo/ver"},
			{Name: "version", Where: "?ver"},
		}},
}
