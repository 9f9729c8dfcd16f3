package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// A server that does not come to terms says so in words for people, never in the library's.
func TestServerError(t *testing.T) {
	r, err := ParseRoute("login.example.com=https://login.example.org")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("read: %w", context.DeadlineExceeded), "does not answer a TLS hello in time"},
		{io.EOF, "hangs up on a TLS hello"},
		{io.ErrUnexpectedEOF, "hangs up on a TLS hello"},
		{errors.New("remote error: tls: protocol version not supported"), "refuses the TLS handshake (protocol version not supported)"},
	} {
		if got := serverError(&r, tt.err).Error(); !strings.Contains(got, tt.want) || !strings.Contains(got, r.URL()) {
			t.Errorf("%v: %q", tt.err, got)
		}
	}
}
