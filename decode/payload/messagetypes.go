package payload

import (
	"slices"
	"strings"
)

// MessageType is what somebody says by SDG, as its header Message-Type names it (MSNP18
// and later); with a subtype behind a slash.
type MessageType struct {
	Name string
	// ReadAs is the media type of the same in a MIME message; empty: there is none.
	ReadAs string
	// Meaning is one line for people.
	Meaning string
	// Unsourced: no source names it; that it is there, and what it holds, follows by
	// analogy from what a switchboard carries.
	Unsourced bool
}

const (
	datacastType = "text/x-msnmsgr-datacast"
	controlType  = "text/x-msmsgscontrol"
)

var messageTypes = []MessageType{
	{"Text", "text/plain", "what a person wrote", false},
	{"Nudge", datacastType, "a nudge", false},
	{"Wink", datacastType, "a wink", false},
	{"CustomEmoticon", "text/x-mms-emoticon", "the pictures that shortcuts in the next text stand for", false},
	{"Control/Typing", controlType, "the sender is typing", false},
	{"Data", "application/x-msnmsgrp2p", "packets of P2P", false},
	{"Signal/P2P", "", "MSNSLP: the way of a direct connection", false},
	{"Signal/CloseIMWindow", "", "the conversation was closed at another end point", false},
	{"Signal/MarkIMWindowRead", "", "the conversation was read at another end point", false},
	{"Signal/ForceAbchSync", "", "the address book has changed", false},
	{"Signal/Turn", "", "set-up of audio and video", false},
	{"Signal/AudioMeta", "", "set-up of audio and video", false},
	{"Signal/AudioTunnel", "", "set-up of audio and video", false},
	{"VoiceClip", datacastType, "a voice clip", true},
	{"Action", datacastType, "something that the sender is said to do", true},
	{"AnimEmoticon", "text/x-mms-animemoticon", "moving pictures that shortcuts in the next text stand for", true},
	{"Ink", "application/x-ms-ink", "a drawing", true},
	{"Control/Recording", controlType, "the sender is recording a voice clip", true},
}

// MessageTypes returns all message types that are known here.
func MessageTypes() []MessageType { return slices.Clone(messageTypes) }

// LookupMessageType finds a message type by its name, whatever its case.
func LookupMessageType(name string) (MessageType, bool) {
	for _, t := range messageTypes {
		if strings.EqualFold(t.Name, name) {
			return t, true
		}
	}
	return MessageType{}, false
}

// unsourcedTypes are content types of which sources have the name alone, with what they
// are taken for.
var unsourcedTypes = map[string]string{
	"text/search-query": "text: what the sender searches for, and lets the others see",
	"text/html":         "text",
}

// ContentType tells of a media type, whatever its case, whether it is one of the
// protocol's. guess is what it is taken for where no source says that.
func ContentType(name string) (guess string, known bool) {
	name = strings.ToLower(name)
	_, decoded := decoders[name]
	return unsourcedTypes[name], decoded || publicTypes[name]
}
