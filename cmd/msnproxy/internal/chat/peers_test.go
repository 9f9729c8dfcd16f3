package chat

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// handedTold is what a chat says, without who came and went; with how many messages stand
// behind a line.
func handedTold(b *Builder) string {
	var sb strings.Builder
	for i := range b.Lines() {
		l := &b.Lines()[i]
		if l.Kind == Join || l.Kind == Leave || l.Kind == Call || l.Kind == Typing {
			continue
		}
		fmt.Fprintf(&sb, "%v %s [%d]", l.Kind, l.Sentence(), 1+len(l.Rows))
		if inv := l.Invitation; inv != nil {
			fmt.Fprintf(&sb, " %v, %d of %d", inv.State, inv.Moved, inv.Size)
		}
		sb.WriteByte('\n')
	}
	return sb.String()
}

// A transfer is one line, however many packets it has.
func TestPeers(t *testing.T) {
	for file, want := range map[string]string{
		"cmd/msnproxy/internal/inspector/testdata/transfers.txt": `said Hello, how do you like my new picture? [1]
service Alice asks for the display picture smile of Bob: transferred [15]
said Very much. [1]
service Bob defines an emoticon: (h) [1]
said (h) [1]
service Alice asks for the custom emoticon heart of Bob: transferred [15]
file Bob offers the file notes.txt, 3000 bytes: transferred [14] transferred, 3000 of 3000
file Alice offers the file holiday.zip, 70000 bytes: declined by Bob [6] declined, 0 of 70000
file Alice offers the file report.pdf, 9000 bytes: cancelled by Bob (2404 of 9000 bytes came) [13] cancelled, 2404 of 9000
service Alice asks for the wink dance of Bob: all of it came, and its hash is wrong [15]
`,
		// The data comes by a direct connection, as does the BYE.
		"cmd/msnproxy/testdata/direct/file.txt": `file Alice offers the file notes.txt, 200 bytes: transferred over a direct connection [16] transferred, 200 of 200
`,
		// The invitation comes in two packets.
		"cmd/msnproxy/testdata/cases/protocol/p2p-v1-v2-chunks.txt": `service Ann asks for the display picture of Bob: transferred [11]
file Ann offers the file report.pdf, 9000 bytes: accepted (1202 of 9000 bytes came) [7] accepted, 1202 of 9000
service Ann asks for the display picture of Bob: accepted (1202 of 2560 bytes came) [4]
`,
		// The offer and the data in one conversation, the answer in another.
		"capture/testdata/escargot17-pecan-msnp12-p2p.pcapng": `file Alice Müller offers the file send.bin, 20000 bytes: transferred [57] transferred, 20000 of 20000
service Bob sent P2P packets about what is not here (x2) [6]
service Alice Müller sent a P2P packet about what is not here [3]
`,
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var got string
			for _, b := range chats(t, filepath.Join("..", "..", "..", "..", filepath.FromSlash(file))) {
				for line := range strings.Lines(handedTold(b)) {
					if strings.Contains(file, "pecan") && !strings.Contains(line, "P2P") && !strings.HasPrefix(line, "file") || strings.Contains(line, "première") || strings.Contains(line, "drew") {
						continue
					}
					got += line
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
