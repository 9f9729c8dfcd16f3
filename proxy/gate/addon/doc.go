// Package addon has other programs decide on messages: a process that reads JSON lines and
// writes JSON lines, as docs/addons.md describes.
//
// It says first which messages it wants to see, and has a deadline for each. Whatever it
// does, or doesn't, costs the messages that it wants at most that deadline, and nothing else
// anything: what it does wrong is told once of each kind, and when it ends everything
// passes.
package addon
