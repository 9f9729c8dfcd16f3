package replay

import "testing"

// Accounts in the two parts of a list get other names, in an element of their own where
// the domain is another; what is around them stays as it is.
func TestRenameList(t *testing.T) {
	names := map[string]string{"alice@example.com": "al.ice@example.org", "bob@example.com": "b&b@example.com", "o'neil@example.com": "oneil@example.com"}
	rename := func(s string) (string, bool) { live, ok := names[s]; return live, ok }
	for in, want := range map[string]string{
		`<ml l="1"><d n="example.com"><c n="alice" l="3" t="1"/></d></ml>`:                                                          `<ml l="1"><d n="example.org"><c n="al.ice" l="3" t="1"/></d></ml>`,
		`<ml><d n="example.com"><c n="bob"/></d></ml>`:                                                                              `<ml><d n="example.com"><c n="b&amp;b"/></d></ml>`,
		`<ml><d n='example.com'><c l='3' n='o&apos;neil'/></d></ml>`:                                                                `<ml><d n='example.com'><c l='3' n='oneil'/></d></ml>`,
		`<ml><d n="example.com"><c n="carol" t="1"/><c n="alice"><s l="3" n="IM"/></c> <c n="bob"/></d><t><c n="tel:+1"/></t></ml>`: `<ml><d n="example.com"><c n="carol" t="1"/></d><d n="example.org"><c n="al.ice"><s l="3" n="IM"/></c> </d><d n="example.com"><c n="b&amp;b"/></d><t><c n="tel:+1"/></t></ml>`,
		`<ml><d n="example.com"><c n="alice"/></d><d n="example.net"><c n="alice"/></d></ml>`:                                       `<ml><d n="example.org"><c n="al.ice"/></d><d n="example.net"><c n="alice"/></d></ml>`,
	} {
		if got, ok := renameList([]byte(in), rename); string(got) != want || !ok {
			t.Errorf("%s\ngave %s, %v\nwant %s", in, got, ok, want)
		}
	}
	for _, same := range []string{"", `<ml l="1"></ml>`, `<ml><d n="example.com"></d></ml>`, `<ml><d n="example.com"><c n="carol"/></d></ml>`, `<ml><d><c n="alice"/></d></ml>`, `<ml><d n="example.com"><c n="alice"`, `<ml><d n="example.com"><c l="1"/></d></ml>`} {
		if got, ok := renameList([]byte(same), rename); string(got) != same || ok {
			t.Errorf("%s gave %s, %v", same, got, ok)
		}
	}
}
