package proxytest

import (
	"slices"

	"msnproxy/decode"
)

// command is a row of the handler table: where a verb may be said, from which
// dialect on, and what does it.
type command struct {
	roles decode.Role
	since int // number of the dialect
	needs stage
	// handler runs with the server's lock held. It answers through the
	// connection; an error that it returns becomes the error reply.
	handler func(*conn, *request) error
}

// newCommands returns the handler table: every command that a client of MSNP2-7
// or CVR0 sends. MSNFTP is missing: clients speak it with each other.
func newCommands() map[string]command {
	const login = decode.DS | decode.NS
	return map[string]command{
		"VER": {login, 0, fresh, (*conn).ver},
		"INF": {login, 2, fresh, (*conn).inf},
		"USR": {login | decode.SB, 2, fresh, (*conn).usr},
		"CVR": {decode.NS, 2, fresh, (*conn).cvr},
		"CVQ": {login, 0, fresh, (*conn).cvq},
		"OUT": {login | decode.SB, 0, fresh, (*conn).outCommand},
		"XFR": {decode.NS, 2, signedIn, (*conn).xfr},

		"SYN": {decode.NS, 2, signedIn, (*conn).syn},
		"LST": {decode.NS, 2, signedIn, (*conn).lst},
		"LSG": {decode.NS, 7, signedIn, (*conn).lsg},
		"GTC": {decode.NS, 2, signedIn, (*conn).gtc},
		"BLP": {decode.NS, 2, signedIn, (*conn).blp},
		"PRP": {decode.NS, 5, signedIn, (*conn).prp},
		"ADD": {decode.NS, 2, signedIn, (*conn).add},
		"REM": {decode.NS, 2, signedIn, (*conn).rem},
		"REA": {decode.NS, 2, signedIn, (*conn).rea},
		"ADG": {decode.NS, 7, signedIn, (*conn).adg},
		"REG": {decode.NS, 7, signedIn, (*conn).reg},
		"RMG": {decode.NS, 7, signedIn, (*conn).rmg},

		"CHG": {decode.NS, 2, signedIn, (*conn).chg},
		"IMS": {decode.NS, 3, signedIn, (*conn).ims},
		"CHL": {decode.NS, 6, signedIn, (*conn).chl},
		"QRY": {decode.NS, 6, signedIn, (*conn).qry},

		"FND": {decode.NS, 2, signedIn, (*conn).fnd},
		"SND": {decode.NS, 2, signedIn, (*conn).snd},
		"SDC": {decode.NS, 5, signedIn, (*conn).sdc},
		"PAG": {decode.NS, 5, signedIn, (*conn).pag},
		"URL": {decode.NS, 2, signedIn, (*conn).url},
		"PNG": {decode.NS, 2, signedIn, (*conn).png},

		"ANS": {decode.SB, 0, fresh, (*conn).ans},
		"CAL": {decode.SB, 0, signedIn, (*conn).cal},
		"MSG": {decode.SB, 0, signedIn, (*conn).msg},
	}
}

// table is the handlers by verb for dialects from a number on.
type table struct {
	from     int
	commands map[string]command
}

func newTables() []table {
	return []table{{laterFrom, laterCommands()}, {bookFrom, bookCommands()}, {ticketFrom, ticketCommands()}, {0, newCommands()}}
}

// table returns the handlers for a dialect.
func (s *Server) table(dialect int) map[string]command {
	i := slices.IndexFunc(s.tables, func(t table) bool { return dialect >= t.from })
	return s.tables[i].commands
}
