package chat

import (
	"cmp"
	"fmt"
	"strings"

	"msnproxy/decode/payload"
)

// contents say what content is that nobody wrote, by its type.
var contents = map[string]func(*payload.Payload) string{
	"text/x-msnmsgr-datacast":  datacast,
	"text/x-mms-emoticon":      emoticons,
	"text/x-mms-animemoticon":  emoticons,
	"image/gif":                ink,
	"application/x-ms-ink":     ink,
	"text/x-clientcaps":        client,
	"text/x-clientinfo":        client,
	"text/x-keepalive":         func(*payload.Payload) string { return "keeps the connection open" },
	"application/x-msnmsgrp2p": peerToPeer,
	"text/search-query":        search,
}

// words says what a message holds that is no text of a person.
func words(p *payload.Payload) string {
	if strings.HasPrefix(strings.ToLower(p.MessageType), "signal/") {
		return "" // between programs: nobody sees it
	}
	if say := contents[p.ReadAs]; say != nil {
		return say(p)
	}
	if p.Find("Chunk") != nil && p.ContentType == "" {
		return fmt.Sprintf("sent a part of a message, %d bytes, whose beginning is not here", len(p.Body))
	}
	s := fmt.Sprintf("sent %s, %d bytes", cmp.Or(p.ContentType, "something without a content type"), len(p.Body))
	if text := strings.TrimSpace(p.Text); text != "" {
		s += ": " + text
	}
	return s
}

func datacast(p *payload.Payload) string {
	id := p.Datacast()
	switch id {
	case "1":
		return "sent a nudge"
	case "2":
		return "sent a wink" + called(p)
	case "3":
		return "sent a voice clip" + called(p)
	case "4":
		return "did something: " + cmp.Or(find(p, "Data"), "nothing")
	}
	return "sent a datacast of kind " + cmp.Or(id, "(none)")
}

// called is the name and the size that an object's description gives, where it does.
func called(p *payload.Payload) string {
	s := ""
	nodes, _ := p.Unfold()
	for i := range nodes {
		if !strings.EqualFold(nodes[i].Name, "Data") {
			continue
		}
		data := payload.Payload{Nodes: nodes[i].Children}
		if n := data.Find("@Friendly"); n != nil && n.Meaning != "" {
			s += ": " + n.Meaning
		}
		if n := data.Find("@Size"); n != nil && n.Value != "" {
			s += ", " + n.Value + " bytes"
		}
	}
	return s
}

// search is a search that somebody lets the others see.
func search(p *payload.Payload) string { return "searched for " + strings.TrimSpace(p.Text) }

// emoticons: "shortcut TAB msnobj TAB", repeated.
func emoticons(p *payload.Payload) string {
	const most = 8
	fields := strings.Split(strings.ToValidUTF8(string(p.Body), "\ufffd"), "\t")
	n, names := 0, ""
	for i := 0; i+1 < len(fields); i += 2 {
		if n++; n <= most {
			names += " " + fields[i]
		}
	}
	switch {
	case n == 0:
		return "defines no emoticons"
	case n == 1:
		return "defines an emoticon:" + names
	case n > most:
		names += " ..."
	}
	return fmt.Sprintf("defines %d emoticons:%s", n, names)
}

func ink(p *payload.Payload) string {
	return fmt.Sprintf("drew something (%s, %d bytes)", p.ContentType, len(p.Body))
}

func client(p *payload.Payload) string {
	if name := find(p, "Client-Name"); name != "" {
		return "uses " + name
	}
	return "tells of the client program"
}

func peerToPeer(p *payload.Payload) string {
	s := fmt.Sprintf("%s, %d bytes", p.ContentType, len(p.Body))
	if to := bare(find(p, "P2P-Dest")); to != "" {
		s += " for " + to
	}
	return s
}

func find(p *payload.Payload, name string) string {
	if n := p.Find(name); n != nil {
		return n.Value
	}
	return ""
}
