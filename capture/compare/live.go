package compare

// Skips reports whether messages with the verb are ignored altogether (verb:NLN).
func (r *Rules) Skips(verb string) bool { return r.skips(verb) }
