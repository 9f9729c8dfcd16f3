package challenge

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// SSOBlob is the answer to the nonce of a sign-in by SSO (MSNP15 and later, USR SSO S):
// a header, then initialisation vector, hash and cipher text. The numbers are
// little-endian.
type SSOBlob struct {
	// Mode is how the cipher is used (1: CBC), Cipher and Hash are what is used, by
	// the numbers of the Windows CryptoAPI: 0x6603 triple DES, 0x8004 SHA-1.
	Mode, Cipher, Hash uint32
	IV, Sum, Text      []byte
}

const (
	ssoHeader = 28
	ssoMode   = 1
	ssoCipher = 0x6603
	ssoHash   = 0x8004
)

// ErrNoBlob is the error for what is no answer to a nonce.
var ErrNoBlob = errors.New("it is no answer to a nonce: the parts of one have no place in it")

// ParseSSO reads an answer in Base64. It owns what it returns.
func ParseSSO(response string) (b SSOBlob, err error) {
	raw, err := base64.StdEncoding.DecodeString(response)
	if err != nil || len(raw) < ssoHeader {
		return b, ErrNoBlob
	}
	n := func(i int) uint32 { return binary.LittleEndian.Uint32(raw[4*i:]) }
	iv, sum, text := uint64(n(4)), uint64(n(5)), uint64(n(6))
	if n(0) != ssoHeader || ssoHeader+iv+sum+text != uint64(len(raw)) {
		return b, ErrNoBlob
	}
	b = SSOBlob{Mode: n(1), Cipher: n(2), Hash: n(3)}
	b.IV, raw = raw[ssoHeader:ssoHeader+iv], raw[ssoHeader+iv:]
	b.Sum, b.Text = raw[:sum], raw[sum:]
	return b, nil
}

// SSO computes the answer to a nonce (MSNP15 and later, USR SSO S). secret is the binary
// secret that came with the ticket, in Base64; the nonce is taken as it stands in the
// line; iv is eight bytes of the client's choice.
func SSO(secret, nonce string, iv [8]byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		return "", errors.New("the binary secret is no Base64")
	}
	block, err := des.NewTripleDESCipher(derive(key, "WS-SecureConversationSESSION KEY ENCRYPTION"))
	if err != nil {
		return "", err
	}
	// Eight bytes are put behind the nonce, and as many as it lacks to whole blocks.
	plain := []byte(nonce + strings.Repeat("\x08", 8))
	if over := len(plain) % des.BlockSize; over != 0 {
		plain = append(plain, make([]byte, des.BlockSize-over)...)
	}
	cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(plain, plain)
	sum := mac(derive(key, "WS-SecureConversationSESSION KEY HASH"), nonce)
	var out []byte
	for _, n := range []int{ssoHeader, ssoMode, ssoCipher, ssoHash, len(iv), len(sum), len(plain)} {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	out = append(append(append(out, iv[:]...), sum...), plain...)
	return base64.StdEncoding.EncodeToString(out), nil
}

// VerifySSO reports whether the answer to the nonce is right for the binary secret. It
// is wrong where it can't be read.
func VerifySSO(secret, nonce, response string) bool {
	b, err := ParseSSO(response)
	if err != nil || len(b.IV) != 8 {
		return false
	}
	want, err := SSO(secret, nonce, [8]byte(b.IV))
	return err == nil && hmac.Equal([]byte(want), []byte(response))
}

func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha1.New, key)
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

// derive makes one of the two keys of 24 bytes.
func derive(key []byte, magic string) []byte {
	h1 := string(mac(key, magic))
	h2 := mac(key, h1, magic)
	h3 := string(mac(key, h1))
	h4 := mac(key, h3, magic)
	return append(h2, h4[:4]...)
}
