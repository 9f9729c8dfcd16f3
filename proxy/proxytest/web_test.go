package proxytest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// withWeb starts a server with web services.
func withWeb(t *testing.T, config WebConfig, dialects ...string) (*Server, *Web) {
	t.Helper()
	s := start(t, Config{Dialects: dialects, Seed: 7, Now: time.Now})
	w, err := StartWeb(s, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return s, w
}

// The script with the web services, in dialects of each kind, by http and https, with both
// token services.
func TestWebScript(t *testing.T) {
	for _, test := range []struct {
		dialect string
		config  WebConfig
		change  func(*WebOptions)
	}{
		{dialect: "MSNP8"},
		{dialect: "MSNP9", config: WebConfig{Moved: true}},
		{dialect: "MSNP11", change: func(o *WebOptions) { o.Plain = true }},
		{dialect: "MSNP12", change: func(o *WebOptions) { o.OldTokens = true }},
		{dialect: "MSNP13"},
		{dialect: "MSNP15", change: func(o *WebOptions) { o.OldTokens = true }},
		{dialect: "MSNP15"},
		{dialect: "MSNP18", config: WebConfig{Packed: true}, change: func(o *WebOptions) { o.Plain, o.Packed = true, true }},
		{dialect: "MSNP21", config: WebConfig{Preferred: "by1.contacts.example.com"}},
	} {
		t.Run(test.dialect, func(t *testing.T) {
			s, w := withWeb(t, test.config, test.dialect)
			options := &WebOptions{Dial: w.Dial, CA: w.CA}
			if test.change != nil {
				test.change(options)
			}
			var asked []string
			dial := options.Dial
			options.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				asked = append(asked, address)
				return dial(ctx, network, address)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := Script{Dialects: []string{test.dialect, "CVR0"}, Web: options}.Run(ctx, s.DS, s)
			if err != nil {
				t.Fatal(err)
			}
			want := "login.example.com:443"
			if options.Plain {
				want = "login.example.com:80"
			}
			if !slices.Contains(asked, want) || slices.Contains(asked, "by1.contacts.example.com:443") != (test.dialect == "MSNP21") {
				t.Errorf("it asked at %q", asked)
			}
		})
	}
}

// What is wrong with the services is told by what signs in.
func TestWebFaults(t *testing.T) {
	for _, test := range []struct {
		fault WebFault
		in    string // dialect
		says  string
	}{
		{ExpiredCertificate, "MSNP15", "expired"},
		{NoNexus, "MSNP9", "nexus at nexus.example.com: the answer is 404"},
		{NoNexus, "MSNP15", ""},
		{ClockOff, "MSNP15", "wst:InvalidTimeRange: The request is of another time"},
		{WrongToken, "MSNP15", "911"},
		{WrongToken, "MSNP9", "911"},
		{WrongSecret, "MSNP15", "911"},
		{WrongSecret, "MSNP9", ""},
		{ServerErrors, "MSNP9", "nexus at nexus.example.com: the answer is 500"},
		{ServerErrors, "MSNP15", "RST2 at login.example.com: the answer is 500"},
		{ClosedPort, "MSNP15", "refused"},
	} {
		t.Run(string(test.fault)+" "+test.in, func(t *testing.T) {
			s, w := withWeb(t, WebConfig{Faults: []WebFault{test.fault}}, test.in)
			c, err := Dial(soon(t), s.DS, Options{Account: alice, Password: "wonderland", Dialects: []string{test.in}, Web: &WebOptions{Dial: w.Dial, CA: w.CA}})
			if c != nil {
				c.Close()
			}
			if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("error %v, not %q", err, test.says)
			}
			if r, err := http.Get("http://" + w.HTTP + "/rdr/pprdr.asp"); err == nil {
				r.Body.Close()
				date, _ := http.ParseTime(r.Header.Get("Date"))
				if off := time.Until(date).Abs() > time.Hour; off != (test.fault == ClockOff) {
					t.Errorf("its Date is %v", date)
				}
			}
		})
	}
}

// A password that is wrong, in each of the three services, and a client with its own ticket.
func TestWebSignIn(t *testing.T) {
	s, w := withWeb(t, WebConfig{}, "MSNP15", "MSNP9")
	for _, test := range []struct {
		dialect, password string
		change            func(*WebOptions)
		action, code      string
	}{
		{"MSNP9", "a+b c%", nil, "login2", "failed"},
		{"MSNP15", "wrong", nil, "RST2", "wsse:FailedAuthentication"},
		{"MSNP15", "wrong", func(o *WebOptions) { o.OldTokens = true }, "RST", "wsse:FailedAuthentication"},
		{"MSNP15", "wonderland", func(o *WebOptions) { o.Now = func() time.Time { return time.Now().Add(-11 * time.Minute) } }, "RST2", "wst:InvalidTimeRange"},
		{"MSNP15", "wonderland", func(o *WebOptions) { o.Now = func() time.Time { return time.Now().Add(6 * time.Minute) } }, "RST2", "wst:InvalidTimeRange"},
		{"MSNP15", "wonderland", func(o *WebOptions) { o.Now = func() time.Time { return time.Now().Add(4 * time.Minute) } }, "", ""},
	} {
		o := &WebOptions{Dial: w.Dial, CA: w.CA}
		if test.change != nil {
			test.change(o)
		}
		c, err := Dial(soon(t), s.DS, Options{Account: alice, Password: test.password, Dialects: []string{test.dialect}, Web: o})
		if c != nil {
			c.Close()
		}
		var failed *WebError
		if errors.As(err, &failed); test.code == "" && err != nil || test.code != "" && (failed == nil || failed.Action != test.action || failed.Code != test.code) {
			t.Errorf("%s %s: %v", test.dialect, test.password, err)
		}
	}
	never := TicketFor(alice, "something else")
	_, err := Dial(soon(t), s.DS, Options{Account: alice, Password: "wonderland", Dialects: []string{"MSNP15"}, Web: &WebOptions{Dial: w.Dial, CA: w.CA, Ticket: &never}})
	if refused := (*ServerError)(nil); !errors.As(err, &refused) || refused.Code != 911 {
		t.Errorf("a ticket that was never issued: %v", err)
	}
}

// Lists as the services hold them, and what they refuse.
func TestWebLists(t *testing.T) {
	s, w := withWeb(t, WebConfig{}, "MSNP15")
	c := signOn(t, s, Options{Account: alice, Dialects: []string{"MSNP15"}, Web: &WebOptions{Dial: w.Dial, CA: w.CA}})
	members, book, err := c.Lists(soon(t))
	if err != nil || !slices.Equal(members, Members{{bob, 3}}) || book.Name != "Alice" || len(book.Contacts) != 1 || book.Contacts[0].Name != "Bob" ||
		len(book.Groups) != 1 || book.Groups[book.Contacts[0].Groups[0]] != "Friends" {
		t.Fatalf("%v %+v %v", members, book, err)
	}
	for _, test := range []struct {
		what         func(context.Context, string, string) error
		role, handle string
		code         string
	}{
		{c.AddMembership, "Allow", carol, ""},
		{c.AddMembership, "Allow", carol, "MemberAlreadyExists"},
		{c.AddMembership, "Reverse", carol, "BadArgument"},
		{c.AddMembership, "Owner", carol, "BadArgument"},
		{c.AddMembership, "Allow", "nobody", "BadArgument"},
		{c.DeleteMembership, "Block", carol, "MemberDoesNotExist"},
		{c.DeleteMembership, "Allow", carol, ""},
		{c.AddMembership, "Block", carol, ""},
	} {
		err := test.what(soon(t), test.role, test.handle)
		var failed *WebError
		if errors.As(err, &failed); test.code == "" && err != nil || test.code != "" && (failed == nil || failed.Code != test.code || failed.Status != 500) {
			t.Errorf("%s %s: %v, not %s", test.role, test.handle, err, test.code)
		}
	}
	found, err := c.Memberships(soon(t))
	if err != nil || strings.Join(found["Allow"], " ") != bob || strings.Join(found["Block"], " ") != carol || strings.Join(found["Reverse"], " ") != bob+" "+carol {
		t.Errorf("%v %v", found, err)
	}
	c.web.tokens[addressContacts] = c.web.tokens[addressOld] // that of another service
	var failed *WebError
	if _, err := c.AddressBook(soon(t)); !errors.As(err, &failed) || failed.Code != "PassportAuthFail" {
		t.Errorf("with a token for something else: %v", err)
	}
}

// Offline messages: who is there is told at once; only who holds the key may leave some.
func TestWebOffline(t *testing.T) {
	s, w := withWeb(t, WebConfig{}, "MSNP15")
	web := func() *WebOptions { return &WebOptions{Dial: w.Dial, CA: w.CA} }
	a := signOn(t, s, Options{Account: alice, Dialects: []string{"MSNP15"}, Web: web()})
	b := signOn(t, s, Options{Account: bob, Dialects: []string{"MSNP15"}, Web: web()})
	var failed *WebError
	if err := a.web.store(soon(t), bob, "no key"); !errors.As(err, &failed) || failed.Code != "q0:AuthenticationFailed" || len(failed.Challenge) != 20 {
		t.Fatalf("without a lock key: %v", err)
	}
	for _, text := range []string{"eins", "zwei – 二"} {
		if err := a.StoreOffline(soon(t), bob, text); err != nil {
			t.Fatal(err)
		}
		if told, err := b.ExpectType(soon(t), offlineType); err != nil || !strings.Contains(string(told.Payload), "<E>"+alice+"</E>") {
			t.Fatalf("%q, %v", told.Payload, err)
		}
	}
	if err := a.StoreOffline(soon(t), "zoe@example.com", "x"); err == nil || !strings.Contains(err.Error(), "no account") {
		t.Errorf("to nobody: %v", err)
	}
	if err := a.StoreOffline(soon(t), bob, strings.Repeat("x", maxOfflineText)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("too long: %v", err)
	}
	list, err := b.OfflineMessages(soon(t))
	if err != nil || len(list) != 2 || list[1].From != alice {
		t.Fatalf("%v, %v", list, err)
	}
	if text, err := b.FetchOffline(soon(t), list[1].ID); err != nil || text != "zwei – 二" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := b.FetchOffline(soon(t), "none"); err == nil {
		t.Error("it fetched what is not there")
	}
	if err := b.DeleteOffline(soon(t), list[0].ID, list[1].ID); err != nil {
		t.Fatal(err)
	}
	if told, err := b.ExpectType(soon(t), "text/x-msmsgsactivemailnotification"); err != nil || !strings.Contains(string(told.Payload), "Message-Delta: 2\r\n") {
		t.Errorf("%q, %v", told.Payload, err)
	}
	if list, err := b.OfflineMessages(soon(t)); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	to := s.accountOf(bob)
	for range maxOffline - 1 {
		to.offline = append(to.offline, &offline{})
	}
	if err := a.StoreOffline(soon(t), bob, "the last"); err != nil {
		t.Error(err)
	}
	if err := a.StoreOffline(soon(t), bob, "one more"); err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("beyond what is kept: %v", err)
	}
	a.web.tokens[addressOffline] = "t=other&p="
	if err := a.StoreOffline(soon(t), bob, "x"); !errors.As(err, &failed) || failed.Challenge != "" || failed.Code != "q0:AuthenticationFailed" {
		t.Errorf("with another ticket: %v", err)
	}
}

// What is asked wrongly is refused, and by nobody's token anything is had.
func TestWebRefusals(t *testing.T) {
	_, w := withWeb(t, WebConfig{}, "MSNP15")
	at := "http://" + w.HTTP
	for _, test := range []struct {
		path, action, body string
		status             int
		says               string
	}{
		{"/nothing", "", "", 404, "no such service"},
		{"/RST2.srf", "", "", 200, "wst:InvalidRequest"},
		{"/RST.srf", "", "<a><Username>x</Username></a>", 200, "<faultcode>wst:InvalidRequest"},
		{"/RST.srf", "", "<a>" + strings.Repeat("<RequestSecurityToken/>", 2*len(addresses)) + "</a>", 200, "FailedAuthentication"},
		{"/RST.srf", "", "<a>" + strings.Repeat("<RequestSecurityToken/>", 2*len(addresses)+1) + "</a>", 200, "InvalidRequest"},
		{"/RST.srf", "", "<a><Username>" + alice + "</Username><Password>wonderland</Password><RequestSecurityToken><Address>x.example</Address></RequestSecurityToken></a>", 200, "InvalidScope"},
		{"/abservice/abservice.asmx", "x/ABFindAll", "<a/>", 500, "PassportAuthFail"},
		{"/ABservice/SharingService.asmx", "x/FindMembership", "<a/>", 500, "PassportAuthFail"},
		{"/rsi/rsi.asmx", "x/GetMetadata", "<a><t>x</t><p></p></a>", 500, "not known"},
		{"/OimWS/oim.asmx", "x/Store", "<a/>", 500, "TweenerChallenge"},
		{"/OimWS/oim.asmx", "x/Other", "<a/>", 500, "did not recognize"},
		{"/Config/MsgrConfig.asmx", "x/Other", "<a/>", 500, "did not recognize"},
		{"/Config/MsgrConfig.asmx", "", "<a><Body><GetClientConfig/></Body></a>", 200, "<![CDATA[<MsgrConfig>"},
		{"/Config/MsgrConfig.asmx", "", strings.Repeat("x", maxWebBody+1), 413, "too long"},
	} {
		r, err := http.NewRequestWithContext(soon(t), http.MethodPost, at+test.path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if test.action != "" {
			r.Header.Set("SOAPAction", `"`+test.action+`"`)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b := new(strings.Builder)
		answer.Write(b)
		answer.Body.Close()
		if answer.StatusCode != test.status || !strings.Contains(b.String(), test.says) {
			t.Errorf("%s %s: %d %s", test.path, test.action, answer.StatusCode, b)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// The same seed gives the same answers.
func TestWebRepeats(t *testing.T) {
	at := func() time.Time { return time.Date(2009, 2, 3, 4, 5, 6, 0, time.UTC) }
	var first string
	for range 2 {
		s := start(t, Config{Dialects: []string{"MSNP15"}, Seed: 9, Now: at})
		w, err := StartWeb(s, WebConfig{})
		if err != nil {
			t.Fatal(err)
		}
		a := signOn(t, s, Options{Account: alice, Dialects: []string{"MSNP15"}, Web: &WebOptions{Dial: w.Dial, CA: w.CA, Now: at}})
		if err := a.StoreOffline(soon(t), bob, "x"); err != nil {
			t.Fatal(err)
		}
		o := s.accountOf(bob).offline[0]
		now := a.web.lockKey + o.id + o.content
		if first == "" {
			first = now
		} else if now != first {
			t.Errorf("%s, then %s", first, now)
		}
		w.Close()
	}
}

func TestWebWithout(t *testing.T) {
	s := start(t, Config{Dialects: []string{"MSNP15"}})
	c := signOn(t, s, Options{Account: alice, Dialects: []string{"MSNP15"}})
	if _, _, err := c.Lists(soon(t)); !errors.Is(err, errNoWeb) {
		t.Error(err)
	}
	if err := c.StoreOffline(soon(t), bob, "x"); !errors.Is(err, errNoWeb) {
		t.Error(err)
	}
}
