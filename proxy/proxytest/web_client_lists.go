package proxytest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// errNoWeb is the error of what needs Options.Web.
var errNoWeb = errors.New("the client was given no web services (Options.Web)")

// Book is what the address book holds.
type Book struct {
	// Name is the owner's.
	Name string
	// Groups are the names of groups by id.
	Groups map[string]string
	// Contacts are who is on the forward list.
	Contacts []BookEntry
}

// BookEntry is a contact of a [Book].
type BookEntry struct {
	Handle, Name string
	Groups       []string // ids
}

// bookAsk asks SharingService.asmx or abservice.asmx, where the last answer said.
func (w *webClient) bookAsk(ctx context.Context, service, action, what string) (*element, error) {
	token := w.token(addressContacts)
	auth, header := `<TicketToken>`+escapeXML(token)+`</TicketToken>`, http.Header{}
	if w.dialect < ssoFrom {
		auth = ""
		header.Set("Cookie", "MSPAuth="+between(token, "t=", "&"))
	}
	key := ""
	if w.cacheKey != "" {
		key = `<CacheKey>` + escapeXML(w.cacheKey) + `</CacheKey>`
	}
	doc, err := w.soap(ctx, bookSpace+"/", action, w.contacts+"/abservice/"+service, header, envelope(
		`<ABApplicationHeader xmlns="`+bookSpace+`"><ApplicationId>CFE80F9D-180F-4399-82AB-413F33A1FA11</ApplicationId><IsMigration>false</IsMigration><PartnerScenario>Initial</PartnerScenario>`+key+`</ABApplicationHeader>`+
			`<ABAuthHeader xmlns="`+bookSpace+`"><ManagedGroupRequest>false</ManagedGroupRequest>`+auth+`</ABAuthHeader>`,
		`<`+action+` xmlns="`+bookSpace+`">`+what+`</`+action+`>`))
	if err != nil {
		return nil, err
	}
	w.cacheKey = doc.text("CacheKey")
	if host := doc.text("PreferredHostName"); host != "" {
		w.contacts = host
	}
	return doc, nil
}

const wholeBook = `<abId>00000000-0000-0000-0000-000000000000</abId><abView>Full</abView><deltasOnly>false</deltasOnly><lastChange>0001-01-01T00:00:00.0000000-08:00</lastChange>`

// findCircles gets the ticket for circles, which comes with the address book.
func (w *webClient) findCircles(ctx context.Context) error {
	doc, err := w.bookAsk(ctx, "abservice.asmx", "ABFindContactsPaged", `<filterOptions><DeltasOnly>false</DeltasOnly><ContactFilter><IncludeHiddenContacts>true</IncludeHiddenContacts></ContactFilter></filterOptions><pageContext><PageSize>1500</PageSize><Direction>Forward</Direction></pageContext>`)
	if err == nil {
		w.ticket.Circle = base64.StdEncoding.EncodeToString([]byte(doc.text("CircleTicket")))
	}
	return err
}

// Memberships asks who is on which list: the accounts by role, as Allow.
func (c *Client) Memberships(ctx context.Context) (map[string][]string, error) {
	if c.web == nil {
		return nil, errNoWeb
	}
	doc, err := c.web.bookAsk(ctx, "SharingService.asmx", "FindMembership", `<serviceFilter><Types><ServiceType>Messenger</ServiceType><ServiceType>Invitation</ServiceType></Types></serviceFilter><View>Full</View><deltasOnly>false</deltasOnly>`)
	if err != nil {
		return nil, err
	}
	all := map[string][]string{}
	doc.each("Membership", func(m *element) {
		role := m.text("MemberRole")
		m.each("Member", func(e *element) { all[role] = append(all[role], e.text("PassportName")) })
	})
	return all, nil
}

// AddressBook asks for contacts and groups.
func (c *Client) AddressBook(ctx context.Context) (*Book, error) {
	if c.web == nil {
		return nil, errNoWeb
	}
	doc, err := c.web.bookAsk(ctx, "abservice.asmx", "ABFindAll", wholeBook)
	if err != nil {
		return nil, err
	}
	b := &Book{Groups: map[string]string{}}
	doc.each("Group", func(g *element) { b.Groups[g.text("groupId")] = g.text("name") })
	doc.each("Contact", func(e *element) {
		if e.text("contactType") == "Me" {
			b.Name = e.text("displayName")
			return
		}
		entry := BookEntry{Handle: e.text("passportName"), Name: e.text("displayName")}
		e.each("guid", func(g *element) { entry.Groups = append(entry.Groups, strings.TrimSpace(g.Text)) })
		b.Contacts = append(b.Contacts, entry)
	})
	return b, nil
}

// Lists asks for memberships and address book, and returns what ADL says of them.
func (c *Client) Lists(ctx context.Context) (Members, *Book, error) {
	found, err := c.Memberships(ctx)
	if err != nil {
		return nil, nil, err
	}
	book, err := c.AddressBook(ctx)
	if err != nil {
		return nil, nil, err
	}
	var all Members
	add := func(handle string, bit int) {
		i := slices.IndexFunc(all, func(m Member) bool { return strings.EqualFold(m.Handle, handle) })
		if i < 0 {
			all = append(all, Member{handle, bit})
		} else {
			all[i].Lists |= bit
		}
	}
	for _, e := range book.Contacts {
		add(e.Handle, 1)
	}
	for _, handle := range found["Allow"] {
		add(handle, 2)
	}
	for _, handle := range found["Block"] {
		add(handle, 4)
	}
	return all, book, nil
}

// AddMembership gives somebody a role: Allow or Block. ADL is what tells the server of it.
func (c *Client) AddMembership(ctx context.Context, role, handle string) error {
	return c.changeMembership(ctx, "AddMember", role, handle)
}

// DeleteMembership takes a role from somebody.
func (c *Client) DeleteMembership(ctx context.Context, role, handle string) error {
	return c.changeMembership(ctx, "DeleteMember", role, handle)
}

func (c *Client) changeMembership(ctx context.Context, action, role, handle string) error {
	if c.web == nil {
		return errNoWeb
	}
	_, err := c.web.bookAsk(ctx, "SharingService.asmx", action, `<serviceHandle><Id>0</Id><Type>Messenger</Type><ForeignId></ForeignId></serviceHandle><memberships><Membership><MemberRole>`+role+
		`</MemberRole><Members><Member xsi:type="PassportMember"><Type>Passport</Type><State>Accepted</State><PassportName>`+escapeXML(handle)+`</PassportName></Member></Members></Membership></memberships>`)
	return err
}
