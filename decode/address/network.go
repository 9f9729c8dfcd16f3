package address

// NetworkName says which network a number stands for, or nothing.
func NetworkName(number string) string { return networks[number] }

var networks = map[string]string{
	"1": "Messenger", "2": "Office Communicator", "4": "telephone", "8": "mobile network", "9": "circle",
	"10": "group of the moment", "11": "account by its number", "13": "Facebook", "14": "other network", "16": "e-mail", "32": "Yahoo",
}
