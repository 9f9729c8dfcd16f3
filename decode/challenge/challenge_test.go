package challenge

import (
	"strings"
	"testing"
)

var vectors = []struct{ challenge, id, want string }{
	{"11111111111111111111", "msmsgs@msnmsgr.com", "3b6666b60157322b6fc6e41a115968f5"},
	{"12345678901234567890", "msmsgs@msnmsgr.com", "8ba1bb9d6dbf624fee31a2053af5fdd0"},
	{"15570131571988941333", "msmsgs@msnmsgr.com", "8f2f5a91b72102cd28355e9fc9000d6e"},
	{"11111111111111111111", "PROD0038W!61ZTF9", "24e9d73d581c8068aa24b0d8af4dae13"},
	{"15570131571988941333", "PROD0038W!61ZTF9", "ca90e6a7c94a14aae7b3ae0f6018433e"},
	{"11111111111111111111", "PROD0058#7IL2{QD", "da7f43f15ed46ad5bb449d9e6c88983b"},
	{"11111111111111111111", "PROD0061VRRZH@4F", "8919f27ac7fb6908fd2daf7555c661e8"},
	{"11111111111111111111", "PROD00504RLUG%WL", "9e636b2ecf61b0fb27f26a71f10a18ab"},
	{"11111111111111111111", "PROD0076ENE8*@AW", "ebd4f529fbd1da3090e7ff9c7f2d7734"},
	{"22210219642164014968", "PROD0090YUAUV{2B", "85ecb0db8f32113df79ce0892b9a102c"},
	{"36819795137093047918", "PROD0090YUAUV{2B", "e7ad3cb09d3e9e4e7c720175984809e9"},
	{"21948129323261853323", "PROD0090YUAUV{2B", "59bcf63ed21f44906c3d3e121ddbed65"},
	{"41525959199453244913", "PROD0090YUAUV{2B", "dcb8ff529e4dd12cc43389851128d2db"},
	{"31744216663023315951", "PROD0090YUAUV{2B", "d15553d0ea89c9f63bbb98a208fa4235"},
	{"14494180082586329971", "PROD0090YUAUV{2B", "4e11d4cd56a65bdf04f60aa133db7ebc"},
	{"11533365622852247127", "PROD0113H11T8$X_", "f086d1ded067186deca8dba2231602cf"},
	{"13038318816579321232", "PROD0113H11T8$X_", "3b25f5aab8143dd9a47971541666ae0e"},
	{"13676118092332012962", "PROD0113H11T8$X_", "e9ccbb3e90fabb047bad055f1d025cde"},
	{"237191752526424888127371168", "PROD0113H11T8$X_", "65b6b623c649c25629af048d34066040"},
	{"22210219642164014968", "PROD00974#MT*RC2", "dbb79287f2a8b24af4230fde60125b29"},
	{"22210219642164014968", "PROD0101{0RM?UBW", "64812169fe9717715f03c678fa4ab938"},
	{"22210219642164014968", "PROD0104U6VVM{UJ", "a79aeff92542b7d771601f693ce895b2"},
	{"22210219642164014968", "PROD01065C%ZFN6F", "5a7ca864d9edaedfd464bbbd8e1a7c1c"},
	{"22210219642164014968", "PROD0112J1LW7%NB", "82b096fe53bbc00f9c8436a2fbc48f0d"},
	{"22210219642164014968", "PROD0113H11T8$X_", "52e41a335075c63e132d6f3a497fd82b"},
	{"22210219642164014968", "PROD0114ES4Z%Q5W", "e790b908276bb51115fa7eb3c8a36315"},
	{"22210219642164014968", "PROD0118R6%2WYOS", "8c24d791ee3a1064557c99fcf95fde72"},
	{"22210219642164014968", "PROD0119GSJUC$18", "a400af809ac86fbdf6deec7286fc06b8"},
	{"22210219642164014968", "PROD0120PW!CCV9@", "6e92a312bf6b70ee58e75a1e3315695c"},
	{"222102196421640149681234", "PROD0090YUAUV{2B", "707171febd3a734e46f2fec6edb05f6b"},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		if got, ok := Respond(v.id, v.challenge); !ok || got != v.want {
			t.Errorf("Respond(%s, %s) = %s, want %s", v.id, v.challenge, got, v.want)
		}
		for _, response := range []string{v.want, strings.ToUpper(v.want)} {
			if got := Verify(v.id, v.challenge, response); got.Result != Right {
				t.Errorf("Verify(%s, %s, %s) = %v", v.id, v.challenge, response, got)
			}
		}
		wrong := Verify(v.id, v.challenge, strings.Repeat("0", 32))
		if wrong.Result != Wrong || wrong.Expected != v.want {
			t.Errorf("Verify(%s, %s, 000...) = %v", v.id, v.challenge, wrong)
		}
	}
}

// Where the text is a multiple of 8 long, sources pad it or not: both are right.
func TestFullBlock(t *testing.T) {
	const id, challenge = "PROD0090YUAUV{2B", "222102196421640149681234"
	for _, response := range []string{"707171febd3a734e46f2fec6edb05f6b", "576f52a1c18edc7e61ecdd999104f05b"} {
		if v := Verify(id, challenge, response); v.Result != Right || v.Algorithm != New {
			t.Errorf("%s: %v", response, v)
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, id := range []string{"nobody", "PROD00517IFH4@RV", "PROD008955JTJ_S7", ""} {
		if v := Verify(id, "1", "2"); v.Result != UnknownProduct || v.Expected != "" {
			t.Errorf("%s: %v", id, v)
		}
		if _, ok := Respond(id, "1"); ok {
			t.Errorf("%s: has an answer", id)
		}
	}
}

func TestSignIn(t *testing.T) {
	for _, v := range []struct{ challenge, password, want string }{
		{"1234567890.123456789", "password", "f59af8f2fa91d38aff7c870c17f99903"},
		{"989048851.1851137130", "password", "c4b26d6e3c1e077ea7f72ce010416663"},
		{"1013928519.693957190", "foobar", "5cf58c85753e47ba33a6438f14785b07"},
	} {
		if got := SignIn(v.challenge, v.password); got != v.want {
			t.Errorf("SignIn(%s, %s) = %s, want %s", v.challenge, v.password, got, v.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.id, v.challenge, v.want)
	}
	f.Add("PROD0090YUAUV{2B", "", "")
	f.Fuzz(func(t *testing.T, id, challenge, response string) {
		v := Verify(id, challenge, response)
		if (v.Expected != "") != (v.Result == Right || v.Result == Wrong) {
			t.Errorf("%v", v)
		}
		if v.Expected != "" && Verify(id, challenge, v.Expected).Result != Right {
			t.Error("the expected answer is not right")
		}
	})
}
