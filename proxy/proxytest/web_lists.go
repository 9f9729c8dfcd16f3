package proxytest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"msnproxy/decode"
)

// Memberships and address book, which hold the lists from MSNP13 on.

const bookSpace = "http://www.msn.com/webservices/AddressBook"

// roles are the names that lists have as memberships.
var roles = []struct{ list, name string }{{"AL", "Allow"}, {"BL", "Block"}, {"RL", "Reverse"}}

// caller is whose lists a request is about; nil: it has been refused. The token stands in
// the header, for MSNP13 and 14 in a cookie.
func (c *call) caller() *account {
	a := c.web.ownerOf(c.doc.text("TicketToken"), addressContacts)
	if cookie, err := c.Cookie("MSPAuth"); err == nil && a == nil {
		a = c.web.ownerOf("t="+cookie.Value+"&p=", addressContacts)
	}
	if a == nil {
		c.bookFault("PassportAuthFail", "Authentication of the ticket failed.")
	}
	return a
}

func (c *call) bookFault(code, text string) {
	c.fault("soap:Client", text, `<errorcode xmlns="`+bookSpace+`">`+code+`</errorcode><errorstring xmlns="`+bookSpace+`">`+escapeXML(text)+`</errorstring>`)
}

// bookAnswer answers with the header that says where to go on, and with which key.
func (c *call) bookAnswer(a *account, body string) {
	key := guid("cache key of " + a.handle)
	c.answer(http.StatusOK, envelope(`<ServiceHeader xmlns="`+bookSpace+`"><Version>15.01.1408.0000</Version><CacheKey>14r2;`+key+
		`</CacheKey><CacheKeyChanged>`+fmt.Sprint(!strings.HasSuffix(c.doc.text("CacheKey"), key))+`</CacheKeyChanged><PreferredHostName>`+
		escapeXML(c.web.config.Preferred)+`</PreferredHostName><SessionId>`+guid("session of "+a.handle)+`</SessionId></ServiceHeader>`, body))
}

// sharing answers at SharingService.asmx.
func (c *call) sharing() {
	a := c.caller()
	if a == nil {
		return
	}
	switch c.action() {
	case "FindMembership":
		c.findMembership(a)
	case "AddMember":
		c.changeMember(a, true)
	case "DeleteMember":
		c.changeMember(a, false)
	default:
		c.unasked()
	}
}

func (c *call) findMembership(a *account) {
	var b strings.Builder
	id := 0
	for _, role := range roles {
		fmt.Fprintf(&b, `<Membership><MemberRole>%s</MemberRole><Members>`, role.name)
		for _, entry := range *a.lists[role.list] {
			id++
			fmt.Fprintf(&b, `<Member xsi:type="PassportMember"><MembershipId>%d</MembershipId><Type>Passport</Type><State>Accepted</State><Deleted>false</Deleted>`+
				`<LastChanged>%s</LastChanged><JoinedDate>2004-07-01T10:00:00.0000000+00:00</JoinedDate><ExpirationDate>0001-01-01T00:00:00</ExpirationDate><Changes />`+
				`<PassportName>%s</PassportName><IsPassportNameHidden>false</IsPassportNameHidden><PassportId>0</PassportId><CID>%d</CID></Member>`,
				id, a.stamp(), escapeXML(entry.handle), cid(entry.handle))
		}
		b.WriteString(`</Members><MembershipIsComplete>true</MembershipIsComplete></Membership>`)
	}
	c.bookAnswer(a, `<FindMembershipResponse xmlns="`+bookSpace+`"><FindMembershipResult><Services><Service><Memberships>`+b.String()+
		`</Memberships><Info><Handle><Id>1</Id><Type>Messenger</Type><ForeignId /></Handle><InverseRequired>false</InverseRequired><IsBot>false</IsBot></Info><Changes /><LastChange>`+
		a.stamp()+`</LastChange><Deleted>false</Deleted></Service></Services><OwnerNamespace><Info><Handle><Id>00000000-0000-0000-0000-000000000000</Id><IsPassportNameHidden>false</IsPassportNameHidden><CID>0</CID></Handle>`+
		`<CreatorPuid>0</CreatorPuid><CreatorCID>`+fmt.Sprint(cid(a.handle))+`</CreatorCID><CreatorPassportName>`+escapeXML(a.handle)+`</CreatorPassportName></Info><Changes /></OwnerNamespace></FindMembershipResult></FindMembershipResponse>`)
}

// changeMember puts somebody on a list, or takes somebody off it.
func (c *call) changeMember(a *account, add bool) {
	handle, list := c.doc.text("PassportName"), ""
	for _, role := range roles {
		if role.name == c.doc.text("MemberRole") {
			list = role.list
		}
	}
	if list == "" || list == "RL" || checkHandle(handle) != nil {
		c.bookFault("BadArgument", "No such role, or no e-mail address.")
		return
	}
	l, verb := a.lists[list], "Delete"
	switch there := l.find(handle) != nil; {
	case add && there:
		c.bookFault("MemberAlreadyExists", "Member already exists.")
		return
	case !add && !there:
		c.bookFault("MemberDoesNotExist", "Member does not exist.")
		return
	case add && len(*l) >= c.web.server.config.MaxForward:
		c.bookFault("QuotaLimitReached", "The list is full.")
		return
	case add:
		verb = "Add"
		*l = append(*l, &contact{handle: handle, name: encode(handle)})
	default:
		l.remove(handle)
	}
	a.changed()
	c.web.server.reconsider(a, handle)
	c.bookAnswer(a, `<`+verb+`MemberResponse xmlns="`+bookSpace+`" />`)
}

// addressBook answers at abservice.asmx.
func (c *call) addressBook() {
	a := c.caller()
	switch {
	case a == nil:
	case c.action() == "ABFindAll":
		c.findAll(a)
	case c.action() == "ABFindContactsPaged":
		c.findPaged(a)
	default:
		c.unasked()
	}
}

// findPaged answers with the contacts alone, and the ticket for circles (MSNP18 and later).
func (c *call) findPaged(a *account) {
	var b strings.Builder
	for _, entry := range *a.lists["FL"] {
		writeContact(&b, a, entry, "Regular")
	}
	ticket, _ := base64.StdEncoding.DecodeString(TicketFor(a.handle, a.password).Circle)
	c.bookAnswer(a, `<ABFindContactsPagedResponse xmlns="`+bookSpace+`"><ABFindContactsPagedResult><Groups /><Contacts>`+b.String()+
		`</Contacts><CircleResult><Circles /><CircleTicket>`+escapeXML(string(ticket))+`</CircleTicket></CircleResult></ABFindContactsPagedResult></ABFindContactsPagedResponse>`)
}

func (c *call) findAll(a *account) {
	var b strings.Builder
	b.WriteString(`<groups>`)
	for n, name := range a.groups {
		if id := a.groupID(n); id != "" && name != "" {
			fmt.Fprintf(&b, `<Group><groupId>%s</groupId><groupInfo><groupType>c8529ce2-6ead-434d-881f-341e17db3ff8</groupType><name>%s</name><IsNotMobileVisible>false</IsNotMobileVisible><IsPrivate>false</IsPrivate></groupInfo>`+
				`<propertiesChanged /><fDeleted>false</fDeleted><lastChange>%s</lastChange></Group>`, id, escapeXML(plain(name)), a.stamp())
		}
	}
	b.WriteString(`</groups><contacts>`)
	writeContact(&b, a, &contact{handle: a.handle, name: a.name}, "Me")
	for _, entry := range *a.lists["FL"] {
		writeContact(&b, a, entry, "Regular")
	}
	b.WriteString(`</contacts>`)
	fmt.Fprintf(&b, `<ab><abId>00000000-0000-0000-0000-000000000000</abId><abInfo><ownerPuid>0</ownerPuid><OwnerCID>%d</OwnerCID><ownerEmail>%s</ownerEmail><fDefault>true</fDefault></abInfo>`+
		`<lastChange>%s</lastChange><DynamicItemLastChanged>0001-01-01T00:00:00</DynamicItemLastChanged><createDate>2004-07-01T10:00:00.0000000+00:00</createDate><propertiesChanged /></ab>`,
		cid(a.handle), escapeXML(a.handle), a.stamp())
	c.bookAnswer(a, `<ABFindAllResponse xmlns="`+bookSpace+`"><ABFindAllResult>`+b.String()+`</ABFindAllResult></ABFindAllResponse>`)
}

func writeContact(b *strings.Builder, of *account, entry *contact, kind string) {
	fmt.Fprintf(b, `<Contact><contactId>%s</contactId><contactInfo>`, guid(entry.handle))
	if groups := slices.DeleteFunc(slices.Clone(entry.groups), func(n int) bool { return n == 0 }); len(groups) > 0 {
		b.WriteString(`<groupIds>`)
		for _, n := range groups {
			fmt.Fprintf(b, `<guid>%s</guid>`, of.groupID(n))
		}
		b.WriteString(`</groupIds>`)
	}
	name := escapeXML(plain(entry.name))
	fmt.Fprintf(b, `<contactType>%s</contactType><quickName>%s</quickName><passportName>%s</passportName><IsPassportNameHidden>false</IsPassportNameHidden><displayName>%[2]s</displayName>`+
		`<puid>0</puid><CID>%[4]d</CID><IsNotMobileVisible>false</IsNotMobileVisible><isMobileIMEnabled>false</isMobileIMEnabled><isMessengerUser>true</isMessengerUser><isFavorite>false</isFavorite></contactInfo>`+
		`<propertiesChanged /><fDeleted>false</fDeleted><lastChange>%[5]s</lastChange></Contact>`, kind, name, escapeXML(entry.handle), cid(entry.handle), of.stamp())
}

// plain is a name without the escapes of the wire.
func plain(name string) string { return decode.Unescape([]byte(name)) }

// cid is the number of an account, always the same.
func cid(handle string) (n int64) {
	for _, r := range guid(strings.ToLower(handle)) {
		n = n*31 + int64(r)
	}
	return n
}
