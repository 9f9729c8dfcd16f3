package ca

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"time"

	"msnproxy/decode/recent"
)

// How long certificates are good. The clocks of old machines are wrong, often by years,
// and Apple's systems take no more than 825 days for a host.
const (
	caYears   = 10
	caBefore  = 5 // years that it begins before it is made
	leafDays  = 400
	keyBits   = 2048
	maxLeaves = 256 // certificates kept
)

// Options say what CA [Create] makes.
type Options struct {
	// Names are hosts, with all below them, addresses and CIDRs that it may speak for
	// besides KnownHosts and this machine.
	Names []string
	// SHA1 signs with SHA-1, for clients that know no SHA-256: Windows XP before its third
	// service pack, and older ones. Newer ones refuse such certificates.
	SHA1 bool
}

// CA is a certificate authority. Its methods may be called by several at once.
type CA struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
	now  func() time.Time

	mu     sync.Mutex
	leaves recent.Map[*tls.Certificate]
	leaf   *rsa.PrivateKey // of all leaves; made when it is first wanted
}

// generate makes a CA that is nowhere yet.
func generate(o Options, key *rsa.PrivateKey, now time.Time) (*CA, error) {
	l, err := limitsFor(o.Names)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	alg := x509.SHA256WithRSA
	if o.SHA1 {
		alg = x509.SHA1WithRSA
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		// The number tells it from others in a client's list, where it is to be removed.
		Subject:            pkix.Name{CommonName: fmt.Sprintf("msnproxy CA %s %04x", now.UTC().Format(time.DateOnly), serial.Uint64()&0xffff), Organization: []string{"msnproxy, made on this machine"}},
		NotBefore:          now.AddDate(-caBefore, 0, 0).UTC(),
		NotAfter:           now.AddDate(caYears, 0, 0).UTC(),
		SignatureAlgorithm: alg,
		IsCA:               true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		// Not critical: clients that know no constraints would refuse all of it.
		PermittedDNSDomains: l.hosts,
		PermittedIPRanges:   l.nets,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return newCA(cert, key), nil
}

func newCA(cert *x509.Certificate, key *rsa.PrivateKey) *CA {
	return &CA{cert: cert, key: key, now: time.Now, leaves: recent.Map[*tls.Certificate]{Max: maxLeaves}}
}

// newSerial returns a random serial number of 15 bytes, which no client reads as negative.
func newSerial() (*big.Int, error) {
	var b [15]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, err
	}
	b[0] |= 0x40
	return new(big.Int).SetBytes(b[:]), nil
}

// Allows reports whether the CA may speak for a host name or an address.
func (a *CA) Allows(name string) bool { return limitsOf(a.cert).allow(canonical(name)) }

// Leaf returns a certificate for the names, hosts or addresses, the first of which it is
// for in the eyes of clients that read one only. It is made when it is first asked for,
// and made anew when half of its time is over. It must not be changed.
func (a *CA) Leaf(names ...string) (*tls.Certificate, error) {
	if len(names) == 0 {
		return nil, fmt.Errorf("a certificate for no name")
	}
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = canonical(name)
		if !limitsOf(a.cert).allow(list[i]) {
			return nil, &NameError{Name: list[i], CA: a.Name()}
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	which := strings.Join(list, " ")
	if c, ok := a.leaves.Get(which); ok && a.now().Before(c.Leaf.NotAfter.AddDate(0, 0, -leafDays/2)) {
		return c, nil
	}
	c, err := a.issue(list)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %s: %w", list[0], err)
	}
	a.leaves.Put(which, c)
	return c, nil
}

// NameError says that a CA may not speak for a name.
type NameError struct{ Name, CA string }

// Error names the name and what to do.
func (e *NameError) Error() string {
	return fmt.Sprintf("%s may not speak for %s, as it was not made for it: make one that may, in a directory of its own, with \"msnproxy ca init --ca DIR --name %s\"", e.CA, e.Name, e.Name)
}

// canonical returns a name as certificates have it.
func canonical(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if ip := net.ParseIP(strings.Trim(name, "[]")); ip != nil {
		return ip.String()
	}
	return name
}

// issue makes a certificate. a.mu is held.
func (a *CA) issue(names []string) (*tls.Certificate, error) {
	if a.leaf == nil {
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return nil, err
		}
		a.leaf = key
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	now := a.now().UTC()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"msnproxy"}},
		NotBefore:             later(a.cert.NotBefore, now.AddDate(0, 0, -leafDays)),
		NotAfter:              earlier(a.cert.NotAfter, now.AddDate(0, 0, leafDays)),
		SignatureAlgorithm:    a.cert.SignatureAlgorithm,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if len(names[0]) <= 64 { // longer than a common name can be
		template.Subject.CommonName = names[0]
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.leaf.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: a.leaf, Leaf: leaf}, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Name is what clients list the CA as.
func (a *CA) Name() string { return a.cert.Subject.CommonName }

// Certificate returns the CA's certificate, which must not be changed.
func (a *CA) Certificate() *x509.Certificate { return a.cert }

// Limits returns what the CA may speak for: hosts with all below them, and CIDRs.
func (a *CA) Limits() []string { return limitsOf(a.cert).strings() }

// SHA1 reports whether it signs with SHA-1.
func (a *CA) SHA1() bool { return a.cert.SignatureAlgorithm == x509.SHA1WithRSA }

// Prints returns the SHA-1 and SHA-256 fingerprints of the certificate, as clients show them.
func (a *CA) Prints() (old, current string) {
	o, c := sha1.Sum(a.cert.Raw), sha256.Sum256(a.cert.Raw)
	return colons(o[:]), colons(c[:])
}

func colons(b []byte) string {
	s := fmt.Sprintf("% X", b)
	return strings.ReplaceAll(s, " ", ":")
}

// DER returns the certificate, without its key, as Windows has it in .cer files.
func (a *CA) DER() []byte { return append([]byte(nil), a.cert.Raw...) }

// PEM returns the same as text.
func (a *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}
