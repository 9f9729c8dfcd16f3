package p2p

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// flags are the bits of version 1's Flag.
var flags = []struct {
	bit  uint32
	name string
}{
	{FlagNak, "out of order"}, {FlagAck, "acknowledges"}, {FlagWaits, "waits for an acknowledgement"}, {FlagError, "error"},
	{FlagFile, "file"}, {FlagObject, "data of an object"}, {FlagClose, "close"}, {FlagTransportError, "transport error"},
	{FlagHandshake, "handshake"}, {FlagEncrypted, "encrypted"}, {FlagLive2009, "Windows Live 2009"},
}

func flagNames(v uint32) string {
	var names []string
	for _, f := range flags {
		if v&f.bit != 0 {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, ", ")
}

// applications are what the four bytes behind a packet, and AppID of an invitation,
// name.
var applications = map[uint32]string{0: "session", 1: "object", 2: "file transfer", 4: "webcam", 11: "custom emoticon", 12: "display picture"}

// Application returns the name of an application id, or "".
func Application(id uint32) string { return applications[id] }

// purposes are what people are invited to, by EUF-GUID.
var purposes = map[string]struct{ name, kind string }{
	"A4268EEC-FEC5-49E5-95C3-F126696BDBF6": {"picture or the like", KindObject},
	"5D3E02AB-6190-11D3-BBBB-00C04F795683": {"file transfer", KindFile},
	"4BD96FC0-AB17-4425-A14A-439185962DC8": {"webcam, sending", KindWebcam},
	"1C9AA97E-9C05-4583-A3BD-908A196F1E92": {"webcam, receiving", KindWebcam},
	"6A13AF9C-5308-4F35-923A-67E8DDA40C2F": {"activity or game", KindActivity},
	"E073B06B-636E-45B7-ACA4-6D4B5978C93C": {"wink", KindWink},
	"41D3E74E-04A2-4B37-96F8-08ACDB610874": {"photo sharing", KindPhotos},
	"534142D5-1F2A-431F-A60C-B0CF723FDF7D": {"shared folders", KindFolders},
}

// Purpose says what an EUF-GUID invites to, or "". Braces and case do not matter.
func Purpose(guid string) string { return purposes[bareGUID(guid)].name }

func bareGUID(s string) string { return strings.ToUpper(strings.Trim(strings.TrimSpace(s), "{}")) }

// The kinds of what is handed over, besides those that [ObjectType] names.
const (
	KindFile     = "file"
	KindObject   = "object" // of an unknown type
	KindPicture  = "display picture"
	KindEmoticon = "custom emoticon"
	KindWink     = "wink"
	KindWebcam   = "webcam"
	KindActivity = "activity"
	KindPhotos   = "photo sharing"
	KindFolders  = "shared folders"
	KindUnknown  = "unknown"
)

// guid writes 16 bytes as GUIDs are written: the first three numbers have the low byte
// first.
func guid(b []byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("{%08X-%04X-%04X-%X-%X}", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}
