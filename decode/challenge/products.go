package challenge

// Product is a client program as it names itself in QRY.
type Product struct {
	// ID stands in QRY as it is: it may hold a %, which is no escape.
	ID string
	// Key is mixed into the answer; empty if it is not known here.
	Key string
	// First and Last are the dialects that servers take the id for; Last 0: all
	// later ones.
	First, Last int
	// Client is the program, as far as it is known.
	Client string
}

// Products returns all product ids that are known here.
func Products() []Product { return append([]Product(nil), products...) }

// Lookup finds a product by its id.
func Lookup(id string) (Product, bool) {
	for _, p := range products {
		if p.ID == id {
			return p, true
		}
	}
	return Product{}, false
}

var products = []Product{
	{"msmsgs@msnmsgr.com", "Q1P7W2E4J9R8U3S5", 6, 10, "MSN Messenger 3.6.0038 and later"},
	{"PROD0038W!61ZTF9", "VT6PX?UQTM4WM%YR", 6, 10, "many third-party clients"},
	{"PROD0058#7IL2{QD", "QHDCY@7R1TB6W?5B", 6, 10, ""},
	{"PROD0061VRRZH@4F", "JXQ6J@TUOGYV@N0M", 6, 10, ""},
	{"PROD00504RLUG%WL", "I2EBK%PYNLZL5_J4", 6, 10, ""},
	{"PROD0076ENE8*@AW", "CEQJ8}OE0!WTSWII", 6, 10, ""},
	{"PROD00517IFH4@RV", "", 6, 10, ""},
	{"PROD008955JTJ_S7", "", 11, 0, "MSN Messenger 7"},
	{"PROD0090YUAUV{2B", "YMM8C_H7KCQ2S_KL", 11, 12, "MSN Messenger 7"},
	{"PROD00974#MT*RC2", "LMCVO*18PQJ3H!K3", 11, 0, "MSN Messenger 7"},
	{"PROD0101{0RM?UBW", "CFHUR$52U_{VIX5T", 11, 12, "MSN Messenger 7.0"},
	{"PROD0104U6VVM{UJ", "VK67B}379XYM5}$T", 11, 0, "MSN Messenger 7.5"},
	{"PROD01065C%ZFN6F", "O4BG@C7BWLYQX?5G", 11, 14, "Windows Live Messenger 8.0"},
	{"PROD0112J1LW7%NB", "RH96F{PHI8PPX_TJ", 11, 14, "Windows Live Messenger 8.0"},
	{"PROD0113H11T8$X_", "RG@XY*28Q5QHS%Q5", 15, 0, "Windows Live Messenger 8.1 beta"},
	{"PROD0114ES4Z%Q5W", "PK}_A_0N_K%O?A9S", 15, 0, "Windows Live Messenger 8.1"},
	{"PROD0118R6%2WYOS", "YIXPX@5I2P0UT*LK", 15, 0, "Windows Live Messenger 8.5 beta"},
	{"PROD0119GSJUC$18", "ILTXC!4IXB5FB*PX", 15, 0, "Windows Live Messenger 8.5"},
	{"PROD0120PW!CCV9@", "C1BX{V4W}Q3*10SM", 15, 0, "Windows Live Messenger 2009 to 2011"},
}
