package inspector

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"msnproxy/capture"
	vocabulary "msnproxy/proxy/gate/action"
)

// askPayload asks for all of the payload: a text with escapes, hex, or a file.
func (e *editor) askPayload() {
	if e.m == nil {
		e.ins.complain("these bytes are no message: E edits them")
		return
	}
	e.ins.openPrompt(&prompt{label: "payload (text, hex 4142, < FILE)",
		check: func(text string) string {
			if strings.HasPrefix(text, "<") {
				return "" // looked for when it is entered
			}
			_, err := payloadText(text)
			return wrongText(err)
		},
		complete: func(text string) (int, []string) {
			name, ok := strings.CutPrefix(text, "< ")
			if !ok {
				return 0, nil
			}
			from, words := completeFile(name, nil)
			return from + 2, words
		},
		done: func(text string) {
			b, err := payloadText(text)
			var a vocabulary.Action
			if err == nil {
				a, err = setPayload(e.m, b)
			}
			if err != nil {
				e.ins.complain("not changed: " + firstText(err.Error()))
				return
			}
			e.change(a)
		}}, "")
}

// mostPayload is how much of a file is taken for a payload.
const mostPayload = 16 << 20

// payloadText reads what was typed for a payload.
func payloadText(text string) ([]byte, error) {
	if name, ok := strings.CutPrefix(text, "<"); ok {
		name = expandHome(strings.TrimSpace(name))
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, fmt.Errorf("the file %s can't be read", name)
		case info.Size() > mostPayload:
			return nil, fmt.Errorf("%s has %s: more than a message can", name, sizeText(info.Size()))
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("the file %s can't be read", name)
		}
		return b, nil
	}
	if digits, ok := strings.CutPrefix(text, "hex "); ok {
		b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			return nil, errors.New("hex is pairs of 0-9 and a-f, as in hex 4d 53 47")
		}
		return b, nil
	}
	return capture.Unescaped(text)
}
