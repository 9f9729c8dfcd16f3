package decode

import (
	"slices"
	"strings"
)

// Act is the part that a command plays, whichever verb says it in a dialect: what goes by
// what a message does asks for that, and not for its letters. The letters stand in the
// table alone.
type Act uint8

// The acts. A verb of the table has one of them where somebody goes by it, and else none.
const (
	NoAct          Act = iota
	ActVersion         // the dialect is agreed on
	ActProgram         // the client says which program it is
	ActPackages        // the ways to sign in are asked for and named
	ActSignIn          // somebody says who they are: to a notification server, a switchboard, a peer
	ActRedirect        // the client is sent to another server, or asks for one
	ActInvite          // the server tells the client that somebody calls it
	ActEnd             // one side ends the connection
	ActPing            // keep-alive
	ActPong            // the answer to it
	ActChallenge       // the server wants proof of the client program
	ActProof           // the client gives it
	ActSynchronise     // the lists of contacts are asked for
	ActListed          // an entry of a list
	ActSetting         // something that moves the version of the lists is set
	ActAdd             // one contact comes to a list
	ActRemove          // one contact leaves a list
	ActLists           // contacts come to lists or leave them, many at once
	ActListsAgain      // the server asks for the lists again
	ActGroup           // there is a group of contacts
	ActGroupName       // it has another name
	ActGroupGone       // it is no more
	ActProperty        // a property of an account
	ActStatus          // the client's own status
	ActPresence        // the status of a contact
	ActRoute           // something goes to an address (MSNP21)
	ActAnswer          // somebody who was called enters the conversation
	ActCall            // somebody is called into it
	ActJoin            // somebody is in it
	ActLeave           // somebody leaves it, or a transfer by MSNFTP is over
	ActSay             // a message in it
	ActForward         // a message by way of the notification server
	ActAcknowledge     // what became of a message
	ActFile            // a file of a size comes
	ActCancel          // it comes no more

	// Acts is how many there are.
	Acts
)

// Act returns the part that the message plays: none if it is no command, or an error.
func (m *Message) Act() Act {
	if m.Verb == nil {
		return NoAct
	}
	return m.Verb.Act
}

// ActOf returns the part that the command named plays.
func ActOf(name string) Act {
	if v := LookupVerb(name); v != nil {
		return v.Act
	}
	return NoAct
}

// ActAt returns the part that a line with a whole verb plays.
func ActAt(line []byte) Act {
	if v := lookup(line); v != nil {
		return v.Act
	}
	return NoAct
}

// MayBeAct reports whether a line that begins so is a command that plays one of the
// parts, or may be, where that is not its whole verb yet.
func MayBeAct(line []byte, acts ...Act) bool {
	if len(line) >= 3 {
		v := lookup(line)
		return v != nil && slices.Contains(acts, v.Act)
	}
	return slices.ContainsFunc(verbs, func(v *Verb) bool {
		return strings.HasPrefix(v.Name, string(line)) && slices.Contains(acts, v.Act)
	})
}

// VerbOf returns the command that plays a part: the first of the table where several do.
func VerbOf(a Act) *Verb {
	for _, v := range verbs {
		if v.Act == a {
			return v
		}
	}
	return nil
}
