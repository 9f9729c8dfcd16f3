package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"msnproxy/proxy/gate/api"
)

// ctlTime is how long an answer may take, beyond what was asked for.
const ctlTime = 10 * time.Second

// control talks to the API of a running msnproxy.
type control struct {
	address api.Address
	token   string
	http    *http.Client
}

// newControl finds the API and its token where run and demo have them from.
func newControl(c *cli.Context) (*control, error) {
	where := c.String("api")
	if where == "" {
		return nil, usage("ctl", "ctl needs to know where the API is: --api ADDR, or MSNPROXY_API")
	}
	address, err := api.ParseAddress(where)
	if err != nil {
		return nil, usage("ctl", "--api: %v", err)
	}
	x := &control{address: address}
	switch path := c.String("api-token-file"); {
	case path != "":
		if x.token, err = api.ReadToken(path); err != nil {
			return nil, fmt.Errorf("--api-token-file: %w", err)
		}
	case os.Getenv(tokenVariable) != "":
		x.token = strings.TrimSpace(os.Getenv(tokenVariable))
	default:
		return nil, usage("ctl", "ctl needs the token of the API: --api-token-file FILE, or %s with what msnproxy printed when it began", tokenVariable)
	}
	x.http = &http.Client{Transport: &http.Transport{
		Proxy: nil,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: ctlTime}).DialContext(ctx, address.Network, address.Where)
		},
	}}
	return x, nil
}

// ask sends a request and returns the answer, whose body the caller closes. A request that
// was refused is an error.
func (x *control) ask(ctx context.Context, method, path string, q url.Values, body []byte) (*http.Response, error) {
	host := x.address.Where
	if x.address.Network == "unix" {
		host = "localhost"
	}
	u := url.URL{Scheme: "http", Host: host, RawQuery: q.Encode()}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL.Path, r.URL.RawPath = unescaped(path), path
	r.Header.Set("Authorization", "Bearer "+x.token)
	resp, err := x.http.Do(r)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return nil, fmt.Errorf("nobody answers at %s: is msnproxy running there with --api?", x.address)
		}
		return nil, fmt.Errorf("asking the API at %s: %w", x.address, cause(err))
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, refusal(resp)
}

func unescaped(path string) string {
	s, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	return s
}

// cause leaves the request out of an error of the http package.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// refusal is why a request was not done.
func refusal(resp *http.Response) error {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var e struct{ Error, Do string }
	if json.Unmarshal(b, &e) != nil || e.Error == "" {
		return fmt.Errorf("what answers there is no msnproxy (%s)", resp.Status)
	}
	if e.Do == "" {
		return errors.New(e.Error)
	}
	return fmt.Errorf("%s\n%s", e.Error, e.Do)
}

// object asks for a JSON object. v nil: it is not looked into. raw is as it came.
func (x *control) object(c *cli.Context, method, path string, q url.Values, in, v any, more time.Duration) (raw []byte, err error) {
	var body []byte
	switch in := in.(type) {
	case nil:
	case []byte:
		body = in
	default:
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(c.Context, ctlTime+more)
	defer cancel()
	resp, err := x.ask(ctx, method, path, q, body)
	if err != nil {
		return nil, interruptedOr(c, err)
	}
	defer resp.Body.Close()
	if raw, err = io.ReadAll(resp.Body); err != nil {
		return nil, interruptedOr(c, fmt.Errorf("reading the answer of the API: %w", cause(err)))
	}
	if v != nil {
		if err := json.Unmarshal(raw, v); err != nil {
			return nil, fmt.Errorf("the answer of the API is not as expected: %w", err)
		}
	}
	return raw, nil
}
