package service

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// maskMark begins what stands for a secret; idDigits hex digits follow.
const (
	maskMark = "masked-"
	idDigits = 16
)

// TokenID returns what a token can be known again by without telling it: 16 hex digits of
// its SHA-256. It is the same for all spellings of a ticket ("t=...&p=...", or only what
// stands behind t=), for a ticket of XML (that for circles) and its Base64, as which USR
// shows it, and for what [Mask] made of it. "" is that of nothing.
func TokenID(token string) string {
	t := strings.TrimSpace(token)
	t = strings.TrimPrefix(t, "t=")
	t, _, _ = strings.Cut(t, "&p=")
	if t == "" {
		return ""
	}
	if masked(t) {
		return t[len(maskMark):]
	}
	if text, err := base64.StdEncoding.DecodeString(t); err == nil && bytes.HasPrefix(text, []byte("<")) {
		t = string(bytes.TrimSpace(text))
	}
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])[:idDigits]
}

// masked reports whether a value is one that [Mask] made.
func masked(v string) bool {
	return len(v) == len(maskMark)+idDigits && strings.HasPrefix(v, maskMark) && strings.Trim(v[len(maskMark):], "0123456789abcdef") == ""
}

// IsMasked reports whether a value stands for a secret that was not recorded.
func IsMasked(v string) bool { return masked(strings.TrimSpace(v)) }

// Masker keeps what passwords are masked with, so that the same one looks the same within
// one recording and cannot be guessed from it, and the secrets that it has seen, a bounded
// number of them, so that it knows them again. It is safe for concurrent use.
type Masker struct {
	key  [32]byte
	seen seen
}

// NewMasker returns a masker with a random key.
func NewMasker() *Masker {
	m := new(Masker)
	rand.Read(m.key[:]) // never fails
	return m
}

// standIn is what stands for a secret.
func (m *Masker) standIn(k Kind, v string) string {
	if masked(v) {
		return v
	}
	if k != Password {
		return maskMark + TokenID(v)
	}
	h := hmac.New(sha256.New, m.key[:])
	h.Write([]byte(v))
	return maskMark + hex.EncodeToString(h.Sum(nil))[:idDigits]
}
