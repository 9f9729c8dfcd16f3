package gate

import "testing"

// Who injects for ever makes nothing grow, and what was injected lately is known.
func TestRemember(t *testing.T) {
	set := make(map[uint32]bool)
	for n := uint32(1); n <= 2*mostRequests; n++ {
		remember(set, n)
	}
	if len(set) != 2*mostRequests || !set[1] {
		t.Errorf("%d, and the first: %v", len(set), set[1])
	}
	remember(set, 2*mostRequests+1)
	if len(set) != mostRequests+1 || set[mostRequests] || !set[mostRequests+1] || !set[2*mostRequests+1] {
		t.Errorf("%d are left", len(set))
	}
}
