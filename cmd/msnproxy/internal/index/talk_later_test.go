package index

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"msnproxy/capture"
	"msnproxy/decode"
)

// A connection to a notification server may have part in several chats (MSNP14 and
// later): each has the messages that are of it, and replies.
func TestTalkRowsOfNotificationServer(t *testing.T) {
	path := filepath.Join("..", "..", "testdata", "later", "msnp21.txt")
	in, err := capture.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	x := New(Options{SpoolDir: t.TempDir()})
	defer x.Close()
	if err := x.Load(in, nil, path, nil); err != nil {
		t.Fatal(err)
	}
	var who []string
	for v := range x.Conns()[0].Conversations() {
		who = append(who, fmt.Sprint(v.Number, v.Participants))
	}
	want := []string{"1 [alice@example.com bob@example.com]", "2 [alice@example.com carol@example.com]", "3 [alice@example.com dave@example.com]", "4 [alice@example.com erin@example.com]"}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Error(diff)
	}
	for number, want := range map[int][]int64{1: {9, 11, 12, 13, 14, 19, 22}, 2: {15}, 3: {17, 18}, 4: {22}, 5: nil} {
		var got []int64
		rows := x.TalkRows(nil, 0, x.Len(), number)
		r := x.NewReader()
		for _, row := range rows {
			m, _, err := r.Read(row)
			if err != nil {
				t.Fatal(err)
			}
			switch part := Part(m, number); {
			case part && m.ReplyTo == 0:
				got = append(got, m.Number)
			case part == (m.ReplyTo == 0):
				t.Errorf("conversation %d, message %d: part of it: %v", number, m.Number, part)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("conversation %d: %s", number, diff)
		}
		v := x.NewView(Query{Filter: fmt.Sprintf("conversation == %d", number)})
		v.Wait()
		if c := x.Conns()[0]; c.In(number) != (number < 5) || (Scope{Conversation: number}).Has(c.Conn) != (number < 5) {
			t.Errorf("conversation %d: %v", number, c.In(number))
		}
		wanted := len(want)
		if number == 4 {
			wanted = 0 // a message of several is counted with the first
		}
		if n := len(v.Matched(nil, 0, x.Len())); n != wanted {
			t.Errorf("conversation %d: the filter finds %d messages, want %d", number, n, wanted)
		}
	}
	m := &decode.Message{Frame: &decode.Frame{}, Conn: &decode.Connection{}}
	if !Part(m, 1) {
		t.Error("what is of no notification server is not part of a chat")
	}
}
