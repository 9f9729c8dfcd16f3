package service

// The address book and what goes with it (MSNP13 and later).

// authAsk are values that all requests of these services have.
var authAsk = []Param{
	{Name: "scenario", Where: "ABApplicationHeader/PartnerScenario"},
	{Name: "token", Where: "ABAuthHeader/TicketToken", Kind: Token},
	{Name: "mspauth", Where: ":Cookie/MSPAuth", Kind: Token},
}

// bookAnswer are values that all their answers have.
var bookAnswer = []Param{
	{Name: "host", Where: "ServiceHeader/PreferredHostName", Kind: Host},
	{Name: "cachekey", Where: "ServiceHeader/CacheKey", Kind: ID},
	{Name: "session", Where: "ServiceHeader/SessionId", Kind: ID},
}

func plus(a []Param, b ...Param) []Param { return append(append([]Param(nil), b...), a...) }

var (
	role        = Param{Name: "list", Where: "Membership/MemberRole", Many: true}
	member      = Param{Name: "handle", Where: "Members/Member/PassportName", Kind: Account, Many: true}
	memberMail  = Param{Name: "mail", Where: "Members/Member/Email", Kind: Account, Many: true}
	memberPhone = Param{Name: "phone", Where: "Members/Member/PhoneNumber", Kind: Person, Many: true}
	circle      = Param{Name: "circle", Where: "Members/Member/CircleId", Kind: ID, Many: true}
	contactID   = Param{Name: "contact", Where: "Contact/contactId", Kind: ID, Many: true}
	passport    = Param{Name: "handle", Where: "contactInfo/passportName", Kind: Account, Many: true}
	book        = Param{Name: "abid", Where: "abId"}
	displayName = Param{Name: "friendly", Where: "contactInfo/displayName", Kind: Person, Many: true}
	groupName   = Param{Name: "group", Where: "groupInfo/name", Kind: Person, Many: true}
	groupInfo   = Param{Name: "group", Where: "groupInfo/GroupInfo/name", Kind: Person}
	groupIDs    = Param{Name: "groupid", Where: "groupIds/guid", Kind: ID, Many: true}
	since       = Param{Name: "since", Where: "lastChange", Kind: Time}
	changes     = Param{Name: "changes", Where: "deltasOnly"}
)

const (
	sharing = "SharingService"
	abook   = "ABService"
	shares  = "/sharingservice.asmx /sharingservice"
	books   = "/abservice.asmx /abservice"
	atBook  = "contacts.msn.com omega.contacts.msn.com"
)

var bookRows = []Action{
	{Name: "FindMembership", Service: sharing, Meaning: "who is on which list", Paths: shares, Hosts: atBook,
		Asks: "who is on which list? {scenario}", Answers: "{list}: {handle}",
		Ask:    plus(authAsk, Param{Name: "service", Where: "Types/ServiceType", Many: true}, Param{Name: "changes", Where: "deltasOnly"}, since),
		Answer: plus(bookAnswer, role, member, memberMail, memberPhone, circle, Param{Name: "service", Where: "Info/Handle/Type", Many: true}, Param{Name: "owner", Where: "CreatorPassportName", Kind: Account})},
	{Name: "AddMember", Service: sharing, Meaning: "puts somebody on a list", Paths: shares, Hosts: atBook,
		Asks: "{handle} onto {list}", Answers: "is on the list",
		Ask: plus(authAsk, role, member, memberMail, memberPhone, circle), Answer: bookAnswer},
	{Name: "DeleteMember", Service: sharing, Meaning: "takes somebody off a list", Paths: shares, Hosts: atBook,
		Asks: "{handle} off {list}", Answers: "is off the list",
		Ask: plus(authAsk, role, member, memberMail, memberPhone, circle), Answer: bookAnswer},
	{Name: "CreateCircle", Service: sharing, Meaning: "makes a circle (MSNP18 and later)", Paths: shares, Hosts: atBook,
		Asks: "a circle {friendly}", Answers: "circle {circle}",
		Ask:    plus(authAsk, Param{Name: "friendly", Where: "properties/DisplayName", Kind: Person}),
		Answer: plus(bookAnswer, Param{Name: "circle", Where: "CreateCircleResult/Id", Kind: ID})},
	{Name: sharing, Service: sharing, Meaning: "something else of the lists", Paths: shares, Hosts: atBook, Any: true, Ask: authAsk, Answer: bookAnswer},

	{Name: "ABFindAll", Service: abook, Meaning: "the address book", Paths: books, Hosts: atBook,
		Asks: "the address book? {scenario}", Answers: "contacts: {handle}",
		Ask: plus(authAsk, book, Param{Name: "view", Where: "abView"}, changes, since),
		Answer: plus(bookAnswer, passport, displayName, groupName, contactID,
			Param{Name: "owner", Where: "abInfo/ownerEmail", Kind: Account}, Param{Name: "changed", Where: "ab/lastChange", Kind: Time})},
	{Name: "ABFindContactsPaged", Service: abook, Meaning: "the address book in pages, and the circles (MSNP18 and later)", Paths: books, Hosts: atBook,
		Asks: "the address book? {scenario}", Answers: "contacts: {handle}",
		Ask: plus(authAsk, Param{Name: "abid", Where: "ABHandle/ABId"}, Param{Name: "view", Where: "abView"}, Param{Name: "page", Where: "PageContext/PageSize"}, since),
		Answer: plus(bookAnswer, passport, displayName, groupName, contactID,
			Param{Name: "circleticket", Where: "CircleResult/CircleTicket", Kind: Token}, Param{Name: "circle", Where: "Circles/CircleInverseInfo/Content/Handle/Id", Kind: ID, Many: true})},
	{Name: "ABContactAdd", Service: abook, Meaning: "a new contact", Paths: books, Hosts: atBook,
		Asks: "a new contact {handle}", Answers: "contact {contact}",
		Ask: plus(authAsk, book, passport, displayName, Param{Name: "invitation", Where: "MessengerMemberInfo/PendingAnnotations/Annotation/Value", Kind: Person}), Answer: plus(bookAnswer, Param{Name: "contact", Where: "ABContactAddResult/guid", Kind: ID})},
	{Name: "ABContactUpdate", Service: abook, Meaning: "changes a contact", Paths: books, Hosts: atBook,
		Asks: "changes {contact} {handle}: {changed}", Answers: "changed",
		Ask: plus(authAsk, book, contactID, passport, displayName, Param{Name: "changed", Where: "Contact/propertiesChanged"}), Answer: bookAnswer},
	{Name: "ABContactDelete", Service: abook, Meaning: "takes a contact out of the address book", Paths: books, Hosts: atBook,
		Asks: "without {contact}", Answers: "deleted", Ask: plus(authAsk, book, contactID), Answer: bookAnswer},
	{Name: "ABGroupAdd", Service: abook, Meaning: "a new group", Paths: books, Hosts: atBook,
		Asks: "a new group {group}", Answers: "group {groupid}",
		Ask: plus(authAsk, book, groupInfo), Answer: plus(bookAnswer, Param{Name: "groupid", Where: "ABGroupAddResult/guid", Kind: ID})},
	{Name: "ABGroupUpdate", Service: abook, Meaning: "renames a group", Paths: books, Hosts: atBook,
		Asks: "group {groupid} becomes {group}", Answers: "changed",
		Ask: plus(authAsk, book, groupName, Param{Name: "groupid", Where: "Group/groupId", Kind: ID}), Answer: bookAnswer},
	{Name: "ABGroupDelete", Service: abook, Meaning: "deletes a group", Paths: books, Hosts: atBook,
		Asks: "without group {groupid}", Answers: "deleted", Ask: plus(authAsk, book, groupIDs), Answer: bookAnswer},
	{Name: "ABGroupContactAdd", Service: abook, Meaning: "puts a contact into a group", Paths: books, Hosts: atBook,
		Asks: "{contact} {handle} into {groupid}", Answers: "is in the group", Ask: plus(authAsk, book, groupIDs, contactID, passport), Answer: bookAnswer},
	{Name: "ABGroupContactDelete", Service: abook, Meaning: "takes a contact out of a group", Paths: books, Hosts: atBook,
		Asks: "{contact} out of {groupid}", Answers: "is out of the group", Ask: plus(authAsk, book, groupIDs, contactID), Answer: bookAnswer},
	{Name: "CreateContact", Service: abook, Meaning: "a new contact (programs of 2009 and later)", Paths: books, Hosts: atBook,
		Asks: "a new contact {handle}", Answers: "contact {contact}",
		Ask:    plus(authAsk, Param{Name: "handle", Where: "contactHandle/Email", Kind: Account}, Param{Name: "abid", Where: "ABHandle/ABId"}),
		Answer: plus(bookAnswer, Param{Name: "contact", Where: "CreateContactResult/contactId", Kind: ID}, passport)},
	{Name: "ManageWLConnection", Service: abook, Meaning: "what a contact may do (programs of 2009 and later)", Paths: books, Hosts: atBook,
		Asks: "{contact}: relationship {relationship}, {relation}", Answers: "changed",
		Ask:    plus(authAsk, Param{Name: "contact", Where: "ManageWLConnection/contactId", Kind: ID}, Param{Name: "relationship", Where: "relationshipType"}, Param{Name: "relation", Where: "action"}),
		Answer: plus(bookAnswer, passport)},
	{Name: "BreakConnection", Service: abook, Meaning: "ends the relation with a contact (programs of 2009 and later)", Paths: books, Hosts: atBook,
		Asks: "without {contact}", Answers: "ended",
		Ask: plus(authAsk, Param{Name: "contact", Where: "BreakConnection/contactId", Kind: ID}), Answer: bookAnswer},
	{Name: "UpdateDynamicItem", Service: abook, Meaning: "changes an item of the address book", Paths: books, Hosts: atBook,
		Asks: "changes {handle}", Answers: "changed",
		Ask: plus(authAsk, Param{Name: "handle", Where: "DynamicItem/PassportName", Kind: Account}), Answer: bookAnswer},
	{Name: abook, Service: abook, Meaning: "something else of the address book", Paths: books, Hosts: atBook, Any: true, Ask: authAsk, Answer: bookAnswer},
}
