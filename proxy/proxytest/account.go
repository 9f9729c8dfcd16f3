package proxytest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of the protocol (documents of MSNP7).
const (
	maxHandle    = 129
	maxName      = 387 // encoded
	maxGroupName = 61  // encoded
	maxGroups    = 30
	maxProperty  = 95
)

// Account is one account as it stands when the server starts. Names are plain
// text: the server encodes them for the wire.
type Account struct {
	Handle, Password, Name string
	// Unverified says that the e-mail address was never confirmed: USR ends in 0
	// and REA of the own name is refused with 209.
	Unverified bool
	// Version is the list-version that SYN names. Every change adds one.
	Version int
	// Forward, Allow and Block are the lists FL, AL and BL. The reverse list is
	// worked out from the forward lists of the others.
	Forward, Allow, Block []Contact
	// Groups are the names of the groups by id; 0 is "Other Contacts" if nil.
	Groups []string
	// Properties are PHH, PHW, PHM, MOB and MBE.
	Properties map[string]string
	// Privacy is BLP, AL or BL; Prompt is GTC, A or N. Empty stands for AL and A.
	Privacy, Prompt string
	// Unread is the number of messages in the inbox.
	Unread int
	// Directory is what FND finds the account by; the zero value is not found.
	Directory DirectoryEntry
}

// Contact is an entry of a list. Groups is for the forward list only; nil
// stands for group 0.
type Contact struct {
	Handle, Name string
	Groups       []int
}

// DirectoryEntry is what the directory knows of an account (MSNP2-7, FND).
type DirectoryEntry struct {
	First, Last, City, State, Country string
}

func (a Account) check() error {
	if refused := checkHandle(a.Handle); refused != nil {
		return fmt.Errorf("the handle is no e-mail address (error %v)", refused)
	}
	if len(encode(a.Name)) > maxName {
		return fmt.Errorf("the name has more than %d bytes encoded", maxName)
	}
	if len(a.Groups) > maxGroups {
		return fmt.Errorf("more than %d groups", maxGroups)
	}
	if slices.Contains(a.Groups, "") {
		return errors.New("a group without a name")
	}
	for _, list := range [][]Contact{a.Forward, a.Allow, a.Block} {
		for _, c := range list {
			if checkHandle(c.Handle) != nil {
				return fmt.Errorf("contact %q is no e-mail address", c.Handle)
			}
			for _, g := range c.Groups {
				if g < 0 || g >= max(1, len(a.Groups)) {
					return fmt.Errorf("contact %q is in group %d, which does not exist", c.Handle, g)
				}
			}
		}
	}
	for prop := range a.Properties {
		if !slices.Contains(properties, prop) {
			return fmt.Errorf("unknown property %q", prop)
		}
	}
	return nil
}

// checkHandle returns the error that a handle earns, nil if none.
func checkHandle(handle string) error {
	name, domain, ok := strings.Cut(handle, "@")
	switch {
	case !ok || domain == "":
		return errFQDNMissing
	case name == "" || len(handle) > maxHandle || !strings.Contains(domain, ".") ||
		strings.ContainsFunc(handle, func(r rune) bool { return r <= ' ' || r == 0x7f }) ||
		strings.Contains(domain, "@"):
		return errInvalidParameter
	}
	return nil
}

// properties are those that SYN lists, in this order.
var properties = []string{"PHH", "PHW", "PHM", "MOB", "MBE"}

// contactProperties are those that BPR tells of others, in this order.
var contactProperties = []string{"PHH", "PHW", "PHM", "MOB"}

// account is an account at work; the server's lock guards it. Names and
// property values are kept as they stand on the wire, so that what a client
// sent comes back byte for byte.
type account struct {
	handle, password, name string
	unverified             bool
	version                int
	lists                  map[string]*list
	groups                 [maxGroups]string // by id; "": none
	props                  map[string]string
	privacy, prompt        string
	unread                 int
	directory              DirectoryEntry
	session                *session   // nil: not signed in
	offline                []*offline // what was left for it, see Web
	lock                   string     // the challenge whose answer lets it leave some; "" none yet
}

// list is one of the lists FL, AL, BL and RL, in the order of adding.
type list []*contact

type contact struct {
	handle, name string
	groups       []int // FL only
}

func (l *list) find(handle string) *contact {
	for _, c := range *l {
		if strings.EqualFold(c.handle, handle) {
			return c
		}
	}
	return nil
}

func (l *list) remove(handle string) {
	*l = slices.DeleteFunc(*l, func(c *contact) bool { return strings.EqualFold(c.handle, handle) })
}

func newAccount(a Account) *account {
	acct := &account{
		handle: a.Handle, password: a.Password, name: encode(a.Name),
		unverified: a.Unverified, version: a.Version,
		lists:   map[string]*list{"FL": {}, "AL": {}, "BL": {}, "RL": {}},
		props:   map[string]string{"MOB": "N", "MBE": "N"},
		privacy: a.Privacy, prompt: a.Prompt,
		unread: a.Unread, directory: a.Directory,
	}
	defaultTo(&acct.name, encode(a.Handle))
	defaultTo(&acct.privacy, "AL")
	defaultTo(&acct.prompt, "A")
	defaultTo(&acct.version, 1)
	for i, name := range a.Groups {
		acct.groups[i] = encode(name)
	}
	if len(a.Groups) == 0 {
		acct.groups[0] = encode("Other Contacts")
	}
	for prop, value := range a.Properties {
		acct.props[prop] = encode(value)
	}
	for name, contacts := range map[string][]Contact{"FL": a.Forward, "AL": a.Allow, "BL": a.Block} {
		for _, c := range contacts {
			entry := &contact{handle: c.Handle, name: encode(c.Name)}
			defaultTo(&entry.name, encode(c.Handle))
			if name == "FL" {
				entry.groups = slices.Clone(c.Groups)
				if len(entry.groups) == 0 {
					entry.groups = []int{0}
				}
			}
			*acct.lists[name] = append(*acct.lists[name], entry)
		}
	}
	return acct
}

// changed gives the account a new list-version and returns it.
func (a *account) changed() int {
	a.version++
	return a.version
}

// allows reports whether the account lets the other one see and call it (BLP).
func (a *account) allows(handle string) bool {
	if a.lists["BL"].find(handle) != nil {
		return false
	}
	return a.privacy == "AL" || a.lists["AL"].find(handle) != nil
}

// reverseOf works the reverse lists out of everybody's forward lists.
func reverseOf(accounts []*account) {
	for _, a := range accounts {
		for _, b := range accounts {
			if b.lists["FL"].find(a.handle) != nil {
				rl := a.lists["RL"]
				*rl = append(*rl, &contact{handle: b.handle, name: b.name})
			}
		}
	}
}

// accountOf returns the account of a handle, whatever its case.
func (s *Server) accountOf(handle string) *account { return s.accounts[strings.ToLower(handle)] }

var (
	errNoAccount = errors.New("no such account")
	errOffline   = errors.New("not signed in")
)
