// Command shout is an add-on for msnproxy: what people write arrives in capital letters.
//
//	go build -o shout ./docs/examples/shout
//	msnproxy run --upstream messenger.example.com --addon ./shout
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// message is what the add-on looks at of a message. An event has no ID.
type message struct {
	ID      *int64
	Payload struct {
		Type, Text string
	}
}

func main() {
	out := json.NewEncoder(os.Stdout)
	say := func(v any) {
		if err := out.Encode(v); err != nil {
			os.Exit(1) // nobody listens any more
		}
	}
	say(map[string]any{"v": 1, "want": `verb == "MSG" && role == "SB" && from == "client"`, "deadline_ms": 1000, "late": "forward"})
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return // msnproxy ends
		}
		var m message
		if err := json.Unmarshal(line, &m); err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		if m.ID == nil {
			continue
		}
		do := []string{"forward"}
		if strings.HasPrefix(m.Payload.Type, "text/plain") {
			do = []string{"set text = " + strconv.Quote(strings.ToUpper(m.Payload.Text)), "forward"}
		}
		say(map[string]any{"id": *m.ID, "do": do})
	}
}
