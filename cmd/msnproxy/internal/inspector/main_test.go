package inspector

import (
	"testing"

	"go.uber.org/goleak"
)

// No goroutine may outlive the screen.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
