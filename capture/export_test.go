package capture

// ChildRelay is what the test binary does instead of testing, when a test asks for it
// by the environment.
var ChildRelay func(spec string)

// OnRemove makes a recorder call remove for the files that a ring lets go.
func OnRemove(o *RecorderOptions, remove func(path string) error) { o.remove = remove }

// PartSuffix ends the names of files that are being packed.
const PartSuffix = partSuffix
