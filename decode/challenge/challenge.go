// Package challenge computes and judges the answers to a server's challenges:
// CHL and QRY of MSNP6 and later, and the MD5 sign-in of MSNP2-7.
package challenge

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// Result says whether an answer was right.
type Result uint8

// The results.
const (
	// NoChallenge: the server's challenge was not seen.
	NoChallenge Result = iota
	// UnknownProduct: the key of the product id is not known here.
	UnknownProduct
	Right
	Wrong
)

// String returns the result in words.
func (r Result) String() string {
	switch r {
	case Right:
		return "right"
	case Wrong:
		return "wrong"
	case UnknownProduct:
		return "unknown product"
	}
	return "no challenge"
}

// Verdict is the judgement of one answer.
type Verdict struct {
	Result Result
	// Expected is the right answer: 32 lower-case hex digits. Where there are two
	// it is that of the algorithm of the product. Empty if it is not known.
	Expected string
	// Algorithm is the one that the answer fits, or if it is wrong the one that
	// it should fit: "MSNP6-10" or "MSNP11+".
	Algorithm string
	// Odd: the answer is right, but product id and dialect are not of the same time,
	// so that a server that goes by the other one may refuse it.
	Odd bool
	// Fits is the product id, and FitsBy the algorithm, that a wrong answer is the right
	// one of; empty if there is none known here.
	Fits, FitsBy string
}

// The names of the two algorithms.
const (
	Old = "MSNP6-10"
	New = "MSNP11+"

	firstNew = 11 // the dialect that New, and the second table of ids, came with
)

// Verify is [VerifyIn] where the dialect is not known.
func Verify(productID, challenge, response string) Verdict {
	return VerifyIn(productID, challenge, response, 0)
}

// VerifyIn judges the answer (QRY's payload) that a client with that product id
// gives to the challenge (CHL), in a dialect (11 stands for MSNP11; 0: not known).
// Case does not matter. Product ids came in two tables, the second along with the
// second algorithm in MSNP11. Where id and dialect are of the same time only the
// algorithm of that time is right. Where they are not, either is, as servers differ
// in which of the two they go by.
func VerifyIn(productID, challenge, response string, dialect int) Verdict {
	p, ok := Lookup(productID)
	if !ok || p.Key == "" {
		return Verdict{Result: UnknownProduct}
	}
	own, agrees := p.algorithm(), dialect != 0 && p.algorithm() == algorithmOf(dialect)
	answers := answers(p, challenge)
	v := Verdict{Result: Wrong, Expected: answers[0].text, Algorithm: answers[0].algorithm}
	for _, a := range answers {
		if strings.EqualFold(a.text, response) && (a.algorithm == own || !agrees) {
			odd := a.algorithm != own || dialect != 0 && !agrees
			return Verdict{Result: Right, Expected: a.text, Algorithm: a.algorithm, Odd: odd}
		}
	}
	v.Fits, v.FitsBy = fitting(p, challenge, response)
	return v
}

// fitting returns which product, p first, gives that answer, and by which algorithm.
func fitting(p Product, challenge, response string) (id, algorithm string) {
	for _, q := range append([]Product{p}, products...) {
		if q.Key == "" {
			continue
		}
		for _, a := range answers(q, challenge) {
			if strings.EqualFold(a.text, response) {
				return q.ID, a.algorithm
			}
		}
	}
	return "", ""
}

// ByProduct reports whether the answer is right by the algorithm of the product id's
// table, whatever the dialect.
func (v *Verdict) ByProduct(productID string) bool {
	p, ok := Lookup(productID)
	return ok && v.Algorithm == p.algorithm()
}

// algorithmOf returns the algorithm that came with the dialect, or before it.
func algorithmOf(dialect int) string {
	if dialect >= firstNew {
		return New
	}
	return Old
}

// algorithm returns the algorithm of the table that the product id is in.
func (p Product) algorithm() string { return algorithmOf(p.First) }

type answer struct{ text, algorithm string }

// answers returns the answers by either algorithm, that of the id's table first.
func answers(p Product, challenge string) []answer {
	old := answer{hash(challenge, p.Key), Old}
	young := []answer{{mixed(p, challenge, false), New}}
	if (len(challenge)+len(p.ID))%8 == 0 {
		// Sources differ on whether a full block of zeros is added then.
		young = append(young, answer{mixed(p, challenge, true), New})
	}
	if p.algorithm() == Old {
		return append([]answer{old}, young...)
	}
	return append(young, old)
}

// Respond returns the answer that a client with that product id gives, or false
// if its key is not known. The algorithm is that of the id's table, which [VerifyIn]
// calls right in every dialect.
func Respond(productID, challenge string) (string, bool) {
	p, ok := Lookup(productID)
	if !ok || p.Key == "" {
		return "", false
	}
	return answers(p, challenge)[0].text, true
}

// SignIn returns the answer to the challenge of an MD5 sign-in (MSNP2-7, USR).
func SignIn(challenge, password string) string { return hash(challenge, password) }

// hash is the MD5 of both, challenge first, in lower-case hex.
func hash(challenge, secret string) string {
	sum := md5.Sum([]byte(challenge + secret))
	return hex.EncodeToString(sum[:])
}

// mixed is the algorithm of MSNP11 and later: the MD5 of challenge and key,
// combined with a 64-bit hash of challenge and product id. All words are
// little-endian.
func mixed(p Product, challenge string, fullBlock bool) string {
	const (
		modulus = 0x7fffffff
		factor  = 0x0e79a9c1
	)
	sum := md5.Sum([]byte(challenge + p.Key))
	var h [4]uint32
	var a [4]uint64
	for i := range h {
		h[i] = binary.LittleEndian.Uint32(sum[4*i:])
		a[i] = uint64(h[i] & modulus)
	}
	text := []byte(challenge + p.ID)
	if fullBlock {
		text = append(text, "00000000"...)
	}
	for len(text)%8 != 0 {
		text = append(text, '0')
	}
	var high, low uint64
	for i := 0; i < len(text); i += 8 {
		x := uint64(binary.LittleEndian.Uint32(text[i:])) * factor % modulus
		x = ((x+high)*a[0] + a[1]) % modulus
		high = (uint64(binary.LittleEndian.Uint32(text[i+4:])) + x) % modulus
		high = (high*a[2] + a[3]) % modulus
		low += high + x
	}
	high = (high + a[1]) % modulus
	low = (low + a[3]) % modulus
	var out [16]byte
	for i, word := range [4]uint64{high, low, high, low} {
		binary.LittleEndian.PutUint32(out[4*i:], h[i]^uint32(word))
	}
	return hex.EncodeToString(out[:])
}
