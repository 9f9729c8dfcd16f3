// Package web is the web half of a client's conversation: which of its hosts are served,
// by which server, with which certificates, and what is kept of what passes so that
// passwords and tokens need not be recorded.
package web
