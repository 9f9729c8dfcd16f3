package service

import "strings"

// Member is one entry of an answer to FindMembership.
type Member struct {
	// List is "AL", "BL", "RL" or "PL"; the role as it is said where it is another one.
	List string
	// Account is an e-mail address, or a telephone number.
	Account string
}

// roles are the lists of MSNP that roles stand for.
var roles = map[string]string{"allow": "AL", "block": "BL", "reverse": "RL", "pending": "PL"}

// List returns the list that a role stands for, or the role.
func List(role string) string {
	if l := roles[strings.ToLower(role)]; l != "" {
		return l
	}
	return role
}

// Members returns the entries of an answer to FindMembership that are of the messenger. all
// is false where there are more values than are read, or the body is cut short.
func (c *Call) Members() (list []Member, all bool) {
	role, from := "", 0
	for i := range c.Values {
		v := &c.Values[i]
		switch v.Param.Name {
		case "list":
			role = v.Text
		case "handle", "mail", "phone":
			list = append(list, Member{List(role), v.Text})
		case "service": // what stood before was of this one
			if !strings.EqualFold(v.Text, "Messenger") {
				list = list[:from]
			}
			from = len(list)
		}
	}
	return list, len(c.Values) < maxValues && c.BodyErr == nil
}
