// Package ca is a certificate authority on disk, for a proxy that speaks TLS in the place
// of other hosts: it is made once, kept where nobody else reads it, limited to the hosts
// that it is for, and makes a certificate for each of them as it is asked for.
package ca
