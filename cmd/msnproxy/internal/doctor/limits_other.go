//go:build !unix

package doctor

// fileLimit is how many files may be open at a time: not known here.
func fileLimit() (n uint64, known bool) { return 0, false }
