package stage

// Host is a name that clients look up, besides those that servers tell them.
type Host struct {
	Name string
	// First and Last are the dialects of the clients that do, Last 0: all later ones.
	First, Last int
	// For says what for.
	For string
	// Path is what is asked there; "" where that is no web server.
	Path string
	// Action is one that is asked of the service there, by its name in the table of
	// package service.
	Action string
	// Needed: without it there is no sign-in, or no list of contacts.
	Needed bool
}

// In reports whether clients of the dialect ask for it; 0: any may.
func (h *Host) In(dialect int) bool {
	return dialect == 0 || dialect >= h.First && (h.Last == 0 || dialect <= h.Last)
}

// lastTweener is the last dialect whose clients ask the nexus; from MSNP12 on (7.5) it is RST.
const lastTweener = 11

// firstRST is the first whose clients ask for tickets by SOAP.
const firstRST = 12

// NexusFor is what clients ask the nexus for, which answers in a header.
const NexusFor = "where to sign in (the nexus)"

// Hosts returns them all.
func Hosts() []Host { return hosts }

var hosts = []Host{
	{Name: "messenger.hotmail.com", First: 2, For: "the dispatch server", Needed: true},
	{Name: "nexus.passport.com", First: firstTWN, Last: lastTweener, For: NexusFor, Path: "/rdr/pprdr.asp", Action: "nexus", Needed: true},
	{Name: "login.passport.com", First: firstTWN, Last: lastTWN, For: "tickets", Path: "/login2.srf", Action: "login2"},
	{Name: "loginnet.passport.com", First: firstTWN, Last: lastTWN, For: "tickets", Path: "/login2.srf", Action: "login2"},
	{Name: "login.live.com", First: firstRST, For: "tickets (RST)", Path: "/RST.srf", Action: "RST", Needed: true},
	{Name: "msnia.login.live.com", First: firstSSO, For: "tickets (RST) of accounts at msn.com", Path: "/RST.srf", Action: "RST"},
	{Name: "config.messenger.msn.com", First: lastTweener, For: "settings (MsgrConfig)", Path: "/Config/MsgrConfig.asmx", Action: "GetClientConfig"},
	{Name: "contacts.msn.com", First: firstADL, For: "the lists of contacts", Path: "/abservice/SharingService.asmx", Action: "FindMembership", Needed: true},
	{Name: "storage.msn.com", First: firstADL, For: "pictures and the profile", Path: "/storageservice/SchematizedStore.asmx"},
	{Name: "rsi.hotmail.com", First: firstRST, For: "messages that wait (OIM)", Path: "/rsi/rsi.asmx"},
	{Name: "ows.messenger.msn.com", First: firstRST, For: "messages to who is offline (OIM)", Path: "/OimWS/oim.asmx"},
	{Name: "gateway.messenger.hotmail.com", First: 2, For: "MSNP over HTTP", Path: "/gateway/gateway.dll"},
}
