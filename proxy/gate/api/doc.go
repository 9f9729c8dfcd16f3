// Package api lets other programs watch and steer the proxy, over HTTP on the loopback
// network or a Unix socket. docs/api.md is its description; the inspector and rules call
// the same functions of package gate.
//
// Whoever asks must know the token. What a browser sends on behalf of a page is refused: a
// Host that is not the server's own (DNS rebinding), and any Origin.
package api
