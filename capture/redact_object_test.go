package capture

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"msnproxy/decode"
	"msnproxy/decode/p2p"
)

// What SHA1C is of is known: here it is right.
const describedObject = `<msnobj Creator="bob@example.com" Size="3" Type="8" Location="bobs secret.PNG" Friendly="YgBvAGIAAAA=" SHA1D="EfatjsUqKYSrqv18O1FlA3hcIHI=" contentid="f52973b6-c926-4bad-9ba8-7c1e840e4ab0" stamp="12345" bob="x"/>`

func sealedObject() string {
	o, _ := p2p.ParseObject([]byte(describedObject))
	return strings.Replace(describedObject, " contentid", ` SHA1C="`+o.SHA1COf()+`" contentid`, 1)
}

func allRedactor(t *testing.T) *Redactor {
	t.Helper()
	red, err := NewRedactor(true)
	if err != nil {
		t.Fatal(err)
	}
	return red
}

// The description of an object keeps its form, its type and its size wherever it stands,
// and has the same stand-in everywhere.
func TestRedactObject(t *testing.T) {
	red := allRedactor(t)
	out := string(red.object([]byte(sealedObject())))
	o, ok := p2p.ParseObject([]byte(out))
	content := sha1.Sum([]byte("xxx"))
	if !ok || o.Creator != "person1@example.net" || o.Size != 3 || o.Type != 8 || o.Sealed() != p2p.Right || o.Judge(content[:]) != p2p.Right {
		t.Errorf("%s: %+v", out, o)
	}
	if !regexp.MustCompile(`^[a-z]+\.PNG$`).MatchString(o.Location) || !regexp.MustCompile(`^[a-z]+$`).MatchString(o.Friendly) {
		t.Errorf("location %q, name %q", o.Location, o.Friendly)
	}
	for _, gone := range []string{"bob", "secret", "f52973b6", "YgBvAGIAAAA=", "EfatjsUq", "12345"} {
		if strings.Contains(out, gone) {
			t.Errorf("%q is left in %s", gone, out)
		}
	}
	if wrong, _ := p2p.ParseObject(red.object([]byte(strings.Replace(sealedObject(), `Size="3"`, `Size="4"`, 1)))); wrong.Sealed() != p2p.Wrong {
		t.Errorf("a wrong SHA1C became a right one: %+v", wrong)
	}
	if plain := string(red.object([]byte(`<msnobj Creator="" Size="x" Type="3" Location="0" Friendly="AAA=" SHA1D=""/>`))); !strings.Contains(plain, `Location="0" Friendly="AAA=" SHA1D=""`) || strings.Contains(plain, `Size="x"`) {
		t.Error(plain)
	}

	escaped := escapeAll(sealedObject())
	line := redactLine(red, "NLN NLN bob@example.com Bob 268435492 "+escaped)
	if got := line[strings.LastIndexByte(line, ' ')+1:]; decode.Unescape([]byte(got)) != out {
		t.Errorf("in a line %s", got)
	}
	for _, dress := range []struct{ in, want string }{
		{sealedObject(), out},
		{strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(sealedObject()), strings.NewReplacer("<", "&lt;", ">", "&gt;", `"`, "&#34;").Replace(out)},
	} {
		body := "<user><s n=\"PE\"><UserTileLocation>" + dress.in + "</UserTileLocation></s></user>"
		if got, ok := red.objectWithin([]byte(dress.in)); !ok || string(got) != dress.want {
			t.Errorf("%s became %s", body, got)
		}
	}
}

// A Context keeps its length and what it is of.
func TestRedactContext(t *testing.T) {
	red := allRedactor(t)
	redacted := func(b []byte) p2p.Context {
		t.Helper()
		for _, coding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
			value := []byte(coding.EncodeToString(b))
			was := len(value)
			red.context(value)
			if back, err := coding.DecodeString(string(value)); err != nil || len(value) != was || len(back) != len(b) || bytes.Contains(back, []byte("secret")) || bytes.Contains(back, []byte("s\x00e\x00c\x00r\x00e\x00t")) {
				t.Errorf("%q became %q: %v", b, back, err)
			}
			if coding == base64.RawStdEncoding {
				return p2p.ParseContext(string(value))
			}
		}
		return p2p.Context{}
	}
	for _, object := range []string{sealedObject(), `<msnobj Creator="a@b.c" Size="77" Type="8" Location="secret" SHA1C="x"/>`} {
		if c := redacted([]byte(object + "\x00")); c.Object == nil || c.Object.Type != 8 || c.Object.Creator == "" || c.Object.Creator == "bob@example.com" {
			t.Errorf("%s: %+v", object, c)
		}
	}
	file := make([]byte, 574)
	binary.LittleEndian.PutUint32(file, 574)
	file[4], file[8], file[16] = 2, 99, 0
	for i, c := range "secret plan.txt" {
		file[20+2*i] = byte(c)
	}
	copy(file[60:], "\x00\x00left s\x00e\x00c\x00r\x00e\x00t")
	file = append(file, "secret preview"...)
	if c := redacted(file); c.File == nil || c.File.Size != 99 || c.File.Name != "xxxxxxxxxxx.txt" || string(c.File.Preview) != "xxxxxxxxxxxxxx" {
		t.Errorf("a file: %+v", c.File)
	}
	if c := redacted([]byte("secret activity")); c.Text != "xxxxxxxxxxxxxxx" {
		t.Errorf("an activity: %+v", c)
	}
	none := []byte("no base64!")
	if red.context(none); string(none) != "xxxxxxxxxx" {
		t.Errorf("%q", none)
	}
}

// GUIDs that somebody made up become others, the same for the same one, in every spelling
// and in packets.
func TestRedactIDs(t *testing.T) {
	red := allRedactor(t)
	const id = "01234567-89AB-CDEF-0123-456789ABCDEF"
	slp := []byte("INVITE MSNMSGR:b@x MSNSLP/1.0\r\nVia: MSNSLP/1.0/TLP ;branch={" + id + "}\r\nCall-ID: {" + strings.ToLower(id) + "}\r\n\r\nNonce: {" + id + "}\r\nHashed-Nonce: {" + id + "} bob\r\n\r\n\x00")
	was := len(slp)
	red.blotSLP(slp)
	all := guids.FindAllString(string(slp), -1)
	if len(slp) != was || len(all) != 3 || all[0] != all[1] || all[0] != all[2] || strings.EqualFold(all[0], id) || !strings.Contains(string(slp), "Via: MSNSLP/1.0/TLP ;branch={"+all[0]+"}\r\n") || strings.Contains(string(slp), "bob") {
		t.Errorf("%q", slp)
	}
	nonce := []byte{0x67, 0x45, 0x23, 0x01, 0xab, 0x89, 0xef, 0xcd, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}
	red.nonce(nonce)
	le := binary.LittleEndian
	if got := fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(nonce), le.Uint16(nonce[4:]), le.Uint16(nonce[6:]), nonce[8:10], nonce[10:]); got != all[0] {
		t.Errorf("a nonce in a packet is %s, and %s in MSNSLP", got, all[0])
	}
}
