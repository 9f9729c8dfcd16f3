// Package dissector writes a Wireshark dissector in Lua, made from the command
// table: the same verbs, forms and parameters as everywhere else.
package dissector

import (
	_ "embed"
	"fmt"
	"io"
	"sort"
	"strings"

	"msnproxy/decode"
)

// logic is what does not depend on the table.
//
//go:embed msnp.lua
var logic string

// tableMark is the line of the logic that the table takes the place of.
const tableMark = "-- TABLE --\n"

// Write writes the dissector.
func Write(w io.Writer) error {
	before, after, _ := strings.Cut(logic, tableMark)
	var sb strings.Builder
	sb.WriteString(before)
	writeFields(&sb)
	writeCommands(&sb)
	writeErrors(&sb)
	sb.WriteString(after)
	_, err := io.WriteString(w, sb.String())
	return err
}

// writeFields writes a field for each parameter name.
func writeFields(sb *strings.Builder) {
	about := make(map[string]string)
	for _, v := range append(decode.Verbs(), decode.LookupVerb("911")) {
		for i := range v.Forms {
			for _, p := range v.Forms[i].Params {
				about[p.Name] = p.Kind.About
			}
		}
	}
	var names []string
	for name := range about {
		names = append(names, name)
	}
	sort.Strings(names)
	sb.WriteString("local parameters = {\n")
	for _, name := range names {
		fmt.Fprintf(sb, "  %s = %s,\n", key(name), quote(about[name]))
	}
	sb.WriteString("}\n")
}

func writeCommands(sb *strings.Builder) {
	sb.WriteString("local commands = {\n")
	for _, v := range decode.Verbs() {
		fmt.Fprintf(sb, "  %s = {meaning = %s, payload = %d, namespaced = %t, forms = {\n", key(v.Name), quote(v.Meaning), v.PayloadFrom, v.Namespaced)
		for i := range v.Forms {
			writeForm(sb, &v.Forms[i])
		}
		sb.WriteString("  }},\n")
	}
	sb.WriteString("}\nlocal error_forms = {\n")
	v := decode.LookupVerb("911")
	for i := range v.Forms {
		writeForm(sb, &v.Forms[i])
	}
	sb.WriteString("}\n")
}

func writeForm(sb *strings.Builder, f *decode.Form) {
	fmt.Fprintf(sb, "    {client = %t, server = %t, mime = %t, meaning = %s, params = {",
		f.From&decode.Client != 0, f.From&decode.Server != 0, f.Payload == "mime", quote(f.Meaning))
	for i := range f.Params {
		p := &f.Params[i]
		fmt.Fprintf(sb, "{name = %s", quote(p.Name))
		if len(p.Literals) > 0 {
			sb.WriteString(", only = {")
			for _, l := range p.Literals {
				fmt.Fprintf(sb, "[%s] = true, ", quote(l))
			}
			sb.WriteString("}")
		}
		if p.Prefix != "" {
			fmt.Fprintf(sb, ", prefix = %s", quote(p.Prefix))
		}
		if p.Kind.Name == "handle" {
			sb.WriteString(", address = true")
		}
		if p.Optional {
			sb.WriteString(", optional = true")
		}
		if p.Repeat {
			sb.WriteString(", rest = true")
		}
		if pattern := patterns[p.Kind.Name]; pattern != "" {
			fmt.Fprintf(sb, ", pattern = %s", quote(pattern))
		}
		sb.WriteString("}, ")
	}
	sb.WriteString("}},\n")
}

// patterns are what values of a kind look like, as Lua patterns: where a kind is
// not here, anything goes.
var patterns = map[string]string{
	"trid": "^%d+$", "number": "^%d+$", "index": "^%d+$", "total": "^%d+$", "listver": "^%d+$", "length": "^%d+$",
	"group": "^%d+$", "size": "^%d+$", "code": "^%d+$", "seconds": "^%d+$", "network": "^%d+$",
	"capability": "^%d+$", "listbits": "^%d+$", "refresh": "^%d+$", "notetype": "^%d+$", "messagetype": "^%d+$", "device": "^%d+$",
	"blob": "^[^{]", "machine": "^{?%x+%-%x+%-%x+%-%x+%-%x+}?$", "namespace": "^[CM][OS][NG]R?",
	"groups": "^[%d,]+$", "flag": "^[01]$", "handle": "@", "status": "^%u%u%u$", "property": "^%u%u%u$",
	"list": "^[FABRP]L$", "address": "^[%w%.%-_%*:%[%]%%]+$", "dialect": "^[CcMm]", "lcid": "^%w+$",
}

func writeErrors(sb *strings.Builder) {
	codes := decode.ErrorCodes()
	var sorted []string
	for c := range codes {
		sorted = append(sorted, c)
	}
	sort.Strings(sorted)
	sb.WriteString("local errors = {\n")
	for _, c := range sorted {
		fmt.Fprintf(sb, "  [%s] = %s,\n", quote(c), quote(codes[c]))
	}
	sb.WriteString("}\n")
}

// key is a key of a Lua table: in brackets, as "end" and the like are words of Lua.
func key(s string) string { return "[" + quote(s) + "]" }

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
}
