package payload

import (
	"regexp"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// publicShapes are what the public values of headers, keys, elements ("name") and
// attributes ("@name") look like, in lower case: those that a client program or a
// server chooses, and that tell nothing of a person.
var publicShapes = func() map[string]*regexp.Regexp {
	const number = `[0-9]{1,10}`
	shapes := map[string]string{
		`mime-version`: `[0-9]\.[0-9]`,
		`chunks chunk message-delta inbox-unread folders-unread inboxunread foldersunread logintime lang_preference
		 abchmigrated emailenabled mpopenabled flags @ver @id @siteid @pri @lang @l @t @type @v`: number,
		`invitation-command`: `(?i)invite|accept|cancel`,
		`cancel-code`:        `(?i)reject|reject_not_installed|timeout|fttimeout|fail|outbandcancel`,
		`launch-application sender-connect emailenabled mpopenabled @agent`: `(?i)true|false`,
		`request-data`:     `(?i)ip-address:|port:|(ip-address|port|portx|session-id)(,(ip-address|port|portx|session-id))*:?`,
		`connectivity`:     `[A-Z]`,
		`session-protocol`: `[A-Z0-9]{1,12}`,
		`routing reliability messaging publication notification`: `[0-9]{1,2}\.[0-9]{1,2}`,
		`stream segment options pipe notifnum content-length`:    number,
		`bridging-offsets`:          `[0-9]{1,6}(, ?[0-9]{1,6})*`,
		`flags`:                     `(?i)ACK|SYN`,
		`notiftype`:                 `(?i)Full|Partial|Sync`,
		`service-channel`:           `(?i)IM(/(Online|Offline|Mobile))?|PE|PD`,
		`content-transfer-encoding`: `(?i)binary|base64|7bit|8bit`,
		`status state`:              `NLN|BSY|IDL|BRB|AWY|PHN|LUN|HDN|FLN|SigningIn|SignedIn|SignedOut`,
		`capabilities`:              number + `(:` + number + `)?`,
		`clienttype t s rs`:         `[0-9]{1,2}`,
		`@n`:                        `IM|PE|PD|PF`,
		`id`:                        `IM|PE|PD|PF|[0-9]{1,2}`, // of services; the kind of a datacast
		`uri`:                       `/(user|circle|network)`,
		`message-type`: `(?i)Text|Nudge|Wink|VoiceClip|CustomEmoticon|AnimEmoticon|Ink|Data|Control(/Typing|/Recording)?|` +
			`Signal/(P2P|CloseIMWindow|MarkIMWindowRead|ForceAbchSync|Turn|AudioMeta|AudioTunnel)`,
		`message-subtype`: `(?i)Typing|Recording`,
		`src-folder dest-folder src_folder dest_folder`: `(?i)ACTIVE|trAsH|\.!!OIM|\.!!trAsH`,
		`type arg1 arg2 arg3`:                           `[0-9]{1,3}`,
	}
	m := make(map[string]*regexp.Regexp)
	for names, shape := range shapes {
		for _, name := range strings.Fields(names) {
			if m[name] != nil {
				shape = `(` + shape + `)|` + strings.TrimSuffix(strings.TrimPrefix(m[name].String(), `^(`), `)$`)
			}
			m[name] = regexp.MustCompile(`^(` + shape + `)$`)
		}
	}
	return m
}()

// formatShapes are what public pieces of X-MMS-IM-Format look like.
var formatShapes = map[string]*regexp.Regexp{
	"FN": regexp.MustCompile(`^(?i)(microsoft(%20| )sans(%20| )serif|ms(%20| )(shell(%20| )dlg|sans(%20| )serif)|verdana|arial|tahoma|times(%20| )new(%20| )roman|courier(%20| )new|segoe(%20| )ui|comic(%20| )sans(%20| )ms)?$`),
	"EF": regexp.MustCompile(`^[BIUSbius]{0,4}$`),
	"CO": regexp.MustCompile(`^[0-9a-fA-F]{0,8}$`),
	"CS": regexp.MustCompile(`^[0-9a-fA-F]{0,3}$`),
	"PF": regexp.MustCompile(`^[0-9a-fA-F]{0,3}$`),
	"RL": regexp.MustCompile(`^[01]?$`),
}

// publicTypes are media types that have no decoder here.
var publicTypes = map[string]bool{
	"application/x-msnmsgrp2p": true, "application/x-msnmsgr-transreqbody": true, "application/x-ms-ink": true,
	"image/gif": true, "text/x-mms-emoticon": true, "text/x-mms-animemoticon": true, "text/x-keepalive": true,
	"text/x-bot": true, "application/user+xml": true, "application/circles+xml": true,
	"application/network+xml": true, "application/multiparty+xml": true,
}

// Public returns the value of the header, key, element or attribute of that name
// without what may tell something of a person, and whether that was to be said at
// all: false means that nothing of the value is known to be public.
func Public(name, value string) (string, bool) {
	name = strings.ToLower(name)
	switch name {
	case "content-type":
		return publicType(value), true
	case "x-mms-im-format":
		return publicFormat(value), true
	case "application-guid":
		return value, applications[strings.ToLower(value)] != ""
	}
	shape := publicShapes[name]
	return value, value == "" || shape != nil && shape.MatchString(value)
}

func publicType(value string) string {
	kind, params, _ := strings.Cut(value, ";")
	known := strings.ToLower(strings.TrimSpace(kind))
	if _, ok := decoders[known]; !ok && !publicTypes[known] {
		kind = "application/x-unknown"
	}
	for params != "" {
		var param string
		param, params, _ = strings.Cut(params, ";")
		if key, set, ok := strings.Cut(param, "="); ok && strings.EqualFold(strings.TrimSpace(key), "charset") {
			if _, err := htmlindex.Get(strings.Trim(strings.TrimSpace(set), `"`)); err == nil {
				kind += ";" + param
			}
		}
	}
	return kind
}

func publicFormat(value string) string {
	pieces := strings.Split(value, ";")
	kept := pieces[:0]
	for _, piece := range pieces {
		key, set, _ := strings.Cut(piece, "=")
		key = strings.ToUpper(strings.TrimSpace(key))
		switch shape := formatShapes[key]; {
		case shape != nil && shape.MatchString(set), piece == "":
			kept = append(kept, piece)
		case key == "FN":
			kept = append(kept, "FN=Font")
		case shape != nil:
			kept = append(kept, " "+key+"=")
		}
	}
	return strings.Join(kept, ";")
}
