package payload

import "testing"

func TestPeerPacket(t *testing.T) {
	for in, want := range map[string]string{
		"Content-Type: application/x-msnmsgrp2p\r\nP2P-Dest: b@x\r\n\r\n\x00abc": "\x00abc",
		"content-type: Application/X-MSNMSGRP2P; a=b\r\n\r\n\x00":                "\x00",
		"X: y\r\nContent-Type: application/x-msnmsgrp2p\r\n\r\na\x00":            "a\x00",
		"Content-Type: text/plain\r\n\r\n\x00application/x-msnmsgrp2p":           "none",
		"Content-Type: application/x-msnmsgrp2p\r\n\r\nno zero byte":             "none",
		"Content-Type: application/x-msnmsgrp2p\r\n\x00":                         "none",
		"": "none",
	} {
		got, ok := PeerPacket([]byte(in))
		if !ok && want != "none" || ok && string(got) != want {
			t.Errorf("%q: %q, %v", in, got, ok)
		}
	}
}

func TestObjects(t *testing.T) {
	list := Objects([]byte("Content-Type: text/x-mms-emoticon\r\n\r\n:)\t<msnobj Creator=\"a\"/>\t:(\t<msnobj Creator=\"b\"/>\t"))
	if len(list) != 2 || list[0].Creator != "a" || list[1].Creator != "b" {
		t.Errorf("%+v", list)
	}
}

// What came in several packets has no place in any.
func TestSLP(t *testing.T) {
	nodes := SLP([]byte("BYE MSNMSGR:a@x MSNSLP/1.0\r\nTo: <a>\r\n\r\n"))
	if len(nodes) != 1 || nodes[0].Value != "BYE MSNMSGR:a@x MSNSLP/1.0" || nodes[0].End != 0 || find(nodes, "To").Value != "<a>" || find(nodes, "To").End != 0 {
		t.Errorf("%+v", nodes)
	}
	if SLP(nil) != nil || SLP([]byte("hello\r\n")) != nil {
		t.Error("nothing is a message")
	}
}
