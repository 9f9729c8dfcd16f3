package inspector

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"msnproxy/capture"
	"msnproxy/decode"
)

// rawWord is the line of a file to be edited by which nothing is put right.
const rawWord = "raw"

// editFrame has a frame edited in the user's editor, in the notation of transcripts. raw:
// the user wants it sent as it stands; else line ends and length are right again.
func (ins *Inspector) editFrame(from decode.Sender, frame []byte, what string) (edited []byte, raw bool, err error) {
	text, eol, err := frameText(from, frame, what)
	if err != nil {
		return nil, false, err
	}
	f, err := os.CreateTemp("", "msnproxy-*.txt")
	if err != nil {
		return nil, false, fmt.Errorf("no temporary file can be made: %w", err)
	}
	name := f.Name()
	defer os.Remove(name)
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, false, fmt.Errorf("the temporary file %s can't be written: %w", name, err)
	}
	run := func() { err = ins.runEditor(name) }
	if ins.app != nil {
		ins.app.Suspend(run)
		ins.resumed = ins.o.Now()
		ins.redraw()
	} else {
		run()
	}
	if err != nil {
		return nil, false, err
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, false, fmt.Errorf("the temporary file %s can't be read again: %w", name, err)
	}
	return parseFrame(b, eol)
}

// runEditor runs the user's editor on a file, on the terminal.
func runEditor(name string) error {
	words := strings.Fields(or(os.Getenv("VISUAL"), or(os.Getenv("EDITOR"), "vi")))
	if len(words) == 0 {
		words = []string{"vi"}
	}
	cmd := exec.Command(words[0], append(words[1:], name)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the editor %s failed (%v); VISUAL or EDITOR names another", words[0], err)
	}
	return nil
}

// frameText is a frame as transcripts have it, below lines that say what to do. eol is the
// line end of its payload.
func frameText(from decode.Sender, frame []byte, what string) (text []byte, eol string, err error) {
	var f decode.Framer
	var fr decode.Frame
	f.Feed(frame)
	if !f.Next(&fr) && !f.Flush(&fr) || len(fr.Raw) != len(frame) {
		fr = decode.Frame{Kind: decode.Opaque, Raw: frame}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# %s, of the %s. Lines with # before the message are not sent.\n", what, from)
	fmt.Fprintf(&out, "# Line ends and the length are put right. Take the # away below to send it as it stands:\n# %s\n", rawWord)
	w := capture.NewTranscriptWriter(&out)
	if err := w.WriteRecord(&capture.Record{Conn: &capture.Conn{}, Kind: capture.Data, From: from, Frame: fr}); err != nil {
		return nil, "", err
	}
	eol = "\r\n"
	if p := fr.Payload(); bytes.IndexByte(p, '\n') >= 0 && !bytes.Contains(p, []byte("\r\n")) {
		eol = "\n"
	}
	return out.Bytes(), eol, nil
}

// parseFrame reads what frameText wrote, as edited. The payload's lines end with eol.
func parseFrame(text []byte, eol string) (frame []byte, raw bool, err error) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // of editors that write such
	number := 0
	for {
		if len(bytes.TrimSpace(text)) == 0 {
			return nil, false, errors.New("nothing is left of the message (X drops it)")
		}
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		number++
		switch trimmed := bytes.TrimSpace(line); {
		case len(trimmed) == 0, trimmed[0] == '#':
		case string(trimmed) == rawWord:
			raw = true
		case len(line) > 2 && line[1] == ':' && line[2] == ' ':
			return plainFrame(string(line[3:]), rest, eol, raw), raw, nil
		case len(line) > 2 && strings.IndexByte("=?#", line[1]) >= 0 && line[2] == ' ':
			opaque := line[1] != '='
			frame, err = escapedFrame(text, number)
			if err == nil && !raw && !opaque {
				head, payload, _ := bytes.Cut(frame, []byte("\n"))
				frame = decode.Assemble(string(bytes.TrimSuffix(head, []byte("\r"))), payload)
			}
			return frame, raw || opaque, err
		default:
			return nil, false, fmt.Errorf("line %d is no message: it begins with C: or S: and a blank", number)
		}
		text = rest
	}
}

// plainFrame makes a frame of a line and the lines of its payload. The end of the last one
// is the editor's.
func plainFrame(line string, rest []byte, eol string, raw bool) []byte {
	rest = bytes.TrimSuffix(rest, []byte{'\n'})
	payload := bytes.ReplaceAll(rest, []byte{'\n'}, []byte(eol))
	if raw {
		return append([]byte(line+"\r\n"), payload...)
	}
	return decode.Assemble(line, payload)
}

// escapedFrame reads lines with escapes; number is that of the first.
func escapedFrame(text []byte, number int) (frame []byte, err error) {
	for first := true; len(bytes.TrimSpace(text)) > 0; number++ {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		switch {
		case len(bytes.TrimSpace(line)) == 0:
			continue
		case len(line) < 3 || line[2] != ' ' || !first && line[1] != '+':
			return nil, fmt.Errorf("line %d: the message goes on with C+ or S+ and a blank", number)
		}
		first = false
		b, err := capture.Unescaped(string(line[3:]))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		frame = append(frame, b...)
	}
	return frame, nil
}
