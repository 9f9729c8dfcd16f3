package payload

import (
	"fmt"
	"strings"
)

// applications are the programs that people are invited to.
var applications = map[string]string{
	"{5d3e02ab-6190-11d3-bbbb-00c04f795683}": "file transfer",
	"{02d3c01f-bf30-4825-a83a-de7af41648aa}": "voice conversation",
	"{44bba842-cc51-11cf-aafa-00aa00b6015c}": "NetMeeting",
	"{56b994a7-380f-410b-9985-c809d78c1bdc}": "Remote Assistance",
	"{f1b1920c-6a3c-4ce7-b18c-afab305fd03d}": "application sharing (or NetMeeting)",
	"{1df57d09-637a-4ca5-91b9-2c3edaaf62fe}": "whiteboard",
	"{2a23868e-b45f-401d-b8b0-1e16b774a5b7}": "webcam",
}

// Application says what an Application-GUID invites to, or nothing. Braces and case do not
// matter.
func Application(guid string) string {
	return applications["{"+strings.ToLower(strings.Trim(guid, "{}"))+"}"]
}

// Invitation is one step of an invitation to a file transfer or a program.
type Invitation struct {
	// Command is INVITE, ACCEPT or CANCEL, in upper case.
	Command string
	// Cookie joins the steps, which may even travel in different sessions.
	Cookie string
	// Application is the name by its GUID, or the name given.
	Application, GUID string
	// File and FileSize are of a file transfer; the size is as sent.
	File, FileSize string
	// Address is where to connect, "host:port"; the port may be missing.
	Address string
	// CancelCode says why, if Command is CANCEL.
	CancelCode string
}

// Invitation returns the step of an invitation that the payload is, or false.
func (p *Payload) Invitation() (Invitation, bool) {
	if p.ContentType != "text/x-msmsgsinvite" {
		return Invitation{}, false
	}
	inv := Invitation{
		Command: strings.ToUpper(p.value("Invitation-Command")), Cookie: p.value("Invitation-Cookie"),
		GUID: p.value("Application-GUID"), File: p.value("Application-File"), FileSize: p.value("Application-FileSize"),
		CancelCode: p.value("Cancel-Code"), Address: p.value("IP-Address"),
	}
	inv.Application = orWord(applications[strings.ToLower(inv.GUID)], p.value("Application-Name"))
	if port := p.value("Port"); port != "" && inv.Address != "" {
		inv.Address += ":" + port
	}
	return inv, true
}

// invitation: text/x-msmsgsinvite (clients from 3.0).
func (p *Payload) invitation(at int) {
	p.keys(at)
	for i := range p.Nodes {
		n := &p.Nodes[i]
		switch strings.ToLower(n.Name) {
		case "application-guid":
			n.Meaning = applications[strings.ToLower(n.Value)]
		case "application-filesize":
			n.Meaning = "bytes"
		case "cancel-code":
			n.Meaning = cancelCodes[strings.ToUpper(n.Value)]
		case "connectivity":
			if n.Value == "N" {
				n.Meaning = "can't accept connections"
			}
		case "request-data":
			n.Meaning = "asks for these keys"
		case "sender-connect":
			n.Meaning = "the receiver listens"
		case "authcookie":
			n.Meaning = "admits to the file transfer: a secret"
		}
	}
	inv, _ := p.Invitation()
	switch inv.Command {
	case "INVITE":
		p.Summary = "invites to " + orWord(inv.Application, "something")
		if inv.File != "" {
			p.Summary += fmt.Sprintf(": %s, %s bytes", inv.File, orWord(inv.FileSize, "?"))
		}
	case "ACCEPT":
		p.Summary = "accepts invitation " + inv.Cookie
		if inv.Address != "" {
			p.Summary += ", at " + inv.Address
		}
	case "CANCEL":
		p.Summary = "cancels invitation " + inv.Cookie
		if inv.CancelCode != "" {
			p.Summary += ": " + orWord(cancelCodes[strings.ToUpper(inv.CancelCode)], inv.CancelCode)
		}
	default:
		p.Summary = "invitation: " + orWord(inv.Command, "no command")
		p.problem("Invitation-Command is %s, not INVITE, ACCEPT or CANCEL", quote(inv.Command))
	}
}

var cancelCodes = map[string]string{
	"REJECT":               "declined",
	"REJECT_NOT_INSTALLED": "the program is not installed",
	"TIMEOUT":              "no answer in time",
	"FTTIMEOUT":            "no connection in time",
	"FAIL":                 "failed",
	"OUTBANDCANCEL":        "cancelled",
}
