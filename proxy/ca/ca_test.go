package ca

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// aKey is the one key of all tests that need no file, as keys take their time.
var aKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		panic(err)
	}
	return key
})

var made = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func newTestCA(t *testing.T, o Options) *CA {
	t.Helper()
	a, err := generate(o, aKey(), made)
	if err != nil {
		t.Fatal(err)
	}
	a.now = func() time.Time { return made }
	a.leaf = aKey()
	return a
}

// verify asks Go's own verifier about a leaf.
func verify(a *CA, leaf *x509.Certificate, name string, at time.Time) error {
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: at})
	return err
}

func TestLeafIsTrusted(t *testing.T) {
	a := newTestCA(t, Options{Names: []string{"example.com", "10.0.0.0/8", "192.0.2.7"}})
	for _, name := range []string{
		"nexus.passport.com", "login.live.com", "byrdr.omega.contacts.msn.com", "*.gateway.edge.messenger.live.com",
		"example.com", "a.b.example.com", "127.0.0.1", "::1", "10.1.2.3", "192.0.2.7",
	} {
		c, err := a.Leaf(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := verify(a, c.Leaf, strings.Replace(name, "*", "x", 1), made); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.Leaf.Subject.CommonName != name {
			t.Errorf("%s: the common name is %q", name, c.Leaf.Subject.CommonName)
		}
		if !a.Allows(name) {
			t.Errorf("%s: not allowed", name)
		}
	}
	if err := verify(a, mustLeaf(t, a, "example.com").Leaf, "login.live.com", made); err == nil {
		t.Error("a certificate is good for a name that it does not have")
	}
}

func mustLeaf(t *testing.T, a *CA, names ...string) *leafCert {
	t.Helper()
	c, err := a.Leaf(names...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What the CA may not speak for it refuses, and clients refuse what its key signs besides.
func TestLimits(t *testing.T) {
	a := newTestCA(t, Options{Names: []string{"192.0.2.7"}})
	for _, name := range []string{"www.example.com", "live.com", "xlogin.live.com", "com", "192.0.2.8", "10.0.0.1", "2001:db8::1"} {
		var refused *NameError
		if _, err := a.Leaf(name); !errors.As(err, &refused) || !strings.Contains(err.Error(), "--name "+name) {
			t.Errorf("%s: %v", name, err)
		}
		if a.Allows(name) {
			t.Errorf("%s is allowed", name)
		}
		a.mu.Lock()
		stolen, err := a.issue([]string{name})
		a.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		var invalid x509.CertificateInvalidError
		if err := verify(a, stolen.Leaf, name, made); !errors.As(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName {
			t.Errorf("%s: a client says %v", name, err)
		}
	}
	if _, err := a.Leaf("login.live.com", "www.example.com"); err == nil {
		t.Error("one name of two that is not allowed passes")
	}
	if _, err := a.Leaf(); err == nil {
		t.Error("a certificate without a name")
	}
}

type leafCert = tls.Certificate

func TestOneLeafForManyNames(t *testing.T) {
	a := newTestCA(t, Options{})
	c := mustLeaf(t, a, "login.live.com", "contacts.msn.com", "127.0.0.1")
	for _, name := range []string{"login.live.com", "contacts.msn.com", "127.0.0.1"} {
		if err := verify(a, c.Leaf, name, made); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c.Leaf.Subject.CommonName != "login.live.com" {
		t.Errorf("common name %q", c.Leaf.Subject.CommonName)
	}
}

// A client's clock may be off by years, and a certificate is no longer good than clients take.
func TestTimes(t *testing.T) {
	a := newTestCA(t, Options{})
	leaf := mustLeaf(t, a, "login.live.com").Leaf
	for at, good := range map[time.Time]bool{
		made.AddDate(0, 0, -400):                   true,
		made.AddDate(0, 0, -400).Add(-time.Second): false,
		made.AddDate(0, 0, 400):                    true,
		made.AddDate(0, 0, 400).Add(time.Second):   false,
	} {
		if err := verify(a, leaf, "login.live.com", at); (err == nil) != good {
			t.Errorf("at %v: %v", at, err)
		}
	}
	if days := leaf.NotAfter.Sub(leaf.NotBefore).Hours() / 24; days > 825 {
		t.Errorf("good for %v days, more than Apple's systems take", days)
	}
	c := a.Certificate()
	if c.NotBefore != made.AddDate(-5, 0, 0) || c.NotAfter != made.AddDate(10, 0, 0) {
		t.Errorf("the CA is good from %v to %v", c.NotBefore, c.NotAfter)
	}
	// At the end of the CA's time no leaf is longer good than that.
	a.now = func() time.Time { return c.NotAfter.AddDate(0, 0, -10) }
	if late := mustLeaf(t, a, "rsi.hotmail.com").Leaf; late.NotAfter != c.NotAfter {
		t.Errorf("a leaf is good until %v, the CA until %v", late.NotAfter, c.NotAfter)
	}
	b := newTestCA(t, Options{})
	b.cert.NotBefore = made.AddDate(0, 0, -1)
	if early := mustLeaf(t, b, "rsi.hotmail.com").Leaf; early.NotBefore != b.cert.NotBefore {
		t.Errorf("a leaf is good from %v, the CA from %v", early.NotBefore, b.cert.NotBefore)
	}
}

func TestLeavesAreKept(t *testing.T) {
	a := newTestCA(t, Options{})
	first := mustLeaf(t, a, "login.live.com")
	if mustLeaf(t, a, "LOGIN.live.com.") != first {
		t.Error("the same name in another spelling makes a new certificate")
	}
	a.now = func() time.Time { return first.Leaf.NotAfter.AddDate(0, 0, -200).Add(-time.Second) }
	if mustLeaf(t, a, "login.live.com") != first {
		t.Error("made anew before half of its time")
	}
	a.now = func() time.Time { return first.Leaf.NotAfter.AddDate(0, 0, -200) }
	if mustLeaf(t, a, "login.live.com") == first {
		t.Error("not made anew after half of its time")
	}
	a.leaves.Max = 4
	for i := range 6 {
		mustLeaf(t, a, fmt.Sprintf("h%d.login.live.com", i))
	}
	if a.leaves.Len() != 4 {
		t.Errorf("%d certificates are kept", a.leaves.Len())
	}
	if maxLeaves != 256 {
		t.Error("the documented bound is 256")
	}
}

func TestSHA1(t *testing.T) {
	a := newTestCA(t, Options{SHA1: true})
	leaf := mustLeaf(t, a, "login.live.com").Leaf
	if !a.SHA1() || leaf.SignatureAlgorithm != x509.SHA1WithRSA || a.Certificate().SignatureAlgorithm != x509.SHA1WithRSA {
		t.Errorf("signed with %v and %v", a.Certificate().SignatureAlgorithm, leaf.SignatureAlgorithm)
	}
	sum := sha1.Sum(leaf.RawTBSCertificate)
	if err := rsa.VerifyPKCS1v15(&aKey().PublicKey, crypto.SHA1, sum[:], leaf.Signature); err != nil {
		t.Error(err)
	}
	if b := newTestCA(t, Options{}); b.SHA1() || mustLeaf(t, b, "login.live.com").Leaf.SignatureAlgorithm != x509.SHA256WithRSA {
		t.Error("not signed with SHA-256 though nothing else was asked for")
	}
}

func TestWhatTheCAIs(t *testing.T) {
	a := newTestCA(t, Options{Names: []string{"Example.COM.", "login.live.com", "10.0.0.0/8"}})
	c := a.Certificate()
	if !c.IsCA || !c.MaxPathLenZero || c.MaxPathLen != 0 || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
		t.Errorf("CA %v, path %v %d, usage %v", c.IsCA, c.MaxPathLenZero, c.MaxPathLen, c.KeyUsage)
	}
	if !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) {
		t.Errorf("for %v, not for servers only", c.ExtKeyUsage)
	}
	if n := c.PublicKey.(*rsa.PublicKey).N.BitLen(); n != 2048 {
		t.Errorf("%d bits", n)
	}
	if want := append(KnownHosts(), "example.com", "10.0.0.0/8", "127.0.0.0/8", "::1/128"); !slices.Equal(a.Limits(), want) {
		t.Errorf("limited to %v", a.Limits())
	}
	if c.PermittedDNSDomainsCritical {
		t.Error("old clients refuse a critical extension that they do not know")
	}
	if !strings.HasPrefix(a.Name(), "msnproxy CA 2026-11-28 ") {
		t.Errorf("name %q", a.Name())
	}
	old, current := a.Prints()
	if len(old) != 59 || len(current) != 95 || strings.ToUpper(old) != old {
		t.Errorf("fingerprints %q, %q", old, current)
	}
	serial := c.SerialNumber.Bytes()
	if len(serial) != 15 || serial[0]&0x40 == 0 {
		t.Errorf("serial number % x", serial)
	}
	if _, err := x509.ParseCertificate(a.DER()); err != nil {
		t.Error(err)
	}
	long := strings.Repeat("a", 60)
	if cn := mustLeaf(t, a, long[:52]+".example.com").Leaf.Subject.CommonName; len(cn) != 64 {
		t.Errorf("common name %q", cn)
	}
	if cn := mustLeaf(t, a, long[:53]+".example.com").Leaf.Subject.CommonName; cn != "" {
		t.Errorf("a common name of %d bytes", len(cn))
	}
}

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{
		"a": true, "a_b.example": true, "*.example.com": true, "127.1.2.3": true, "fd00::/8": true, "::ffff:10.0.0.1": true,
		strings.Repeat("a", 63): true, strings.Repeat("a", 64): false,
		"": false, "a..b": false, ".": false, "-a.com": false, "a-.com": false, "a b": false, "http://a": false, "a:443": false, "é.com": false, "10.0.0.0/33": false, "**.a": false,
		strings.Repeat("a.", 126) + "a": true, strings.Repeat("a.", 126) + "aa": false,
	} {
		_, err := limitsFor([]string{name})
		if (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
	l, err := limitsFor([]string{"::ffff:10.0.0.1"})
	if err != nil || !l.allow("10.0.0.1") || l.allow("10.0.0.2") {
		t.Errorf("a mapped address: %v, %v", l.nets, err)
	}
	// A CA of the user's own without limits speaks for all.
	if free := (limits{}); !free.allow("www.example.com") || !free.allow("192.0.2.1") {
		t.Error("no limits limit")
	}
	if (limits{nets: []*net.IPNet{{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}}).allow("11.0.0.1") {
		t.Error("a limit to 10.0.0.0/8 allows 11.0.0.1")
	}
}

// Several at once ask for the same and for others.
func TestAtOnce(t *testing.T) {
	a := newTestCA(t, Options{})
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if _, err := a.Leaf(fmt.Sprintf("h%d.login.live.com", i%3)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if a.leaves.Len() != 3 {
		t.Errorf("%d certificates", a.leaves.Len())
	}
}
