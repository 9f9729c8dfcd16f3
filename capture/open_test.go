package capture

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNotARecording(t *testing.T) {
	tests := []struct{ content, what string }{
		{"", "not a recording: empty;"},
		{"\x7fELF\x02\x01\x01", "an ELF program"},
		{"MZ\x90\x00\x03\x00", "a Windows program"},
		{"\x28\xb5\x2f\xfd\x00\x00", "zstd-compressed"},
		{"PK\x03\x04\x14", "a zip archive"},
		{" {\"v\": 1}\n", "JSON"},
		{"<html>", "XML or HTML"},
		{" \n\n", "nothing but white space"},
		{"Dear diary,\nC:\\Windows\nS:1\n", "text in which no line begins with"},
		{"\xff\xfed\x00i\x00e\x00", "text in which no line begins with"},
		{"\x00\x01\x02\x03\x04", "its first bytes are 00 01 02 03"},
		{"\xd4", "its first bytes are d4"},
		{"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", "a pcap cut short in its file header (8 of 24 bytes)"},
		{"\xd4\xc3\xb2\xa1\x07\x00\x04\x00" + strings.Repeat("\x00", 16), "a pcap of version 7.4"},
		{string(zip([]byte("\x7fELF"))), "gzip of an ELF program"},
		{string(zip(nil)), "not a recording: empty;"},
		{string(zip(zip([]byte("C: OUT\n")))), "gzip of a gzip"},
		{"\x1f\x8b\x08", "gzip, but its header is damaged"},
		{string(zip([]byte("x"))[:10]), "gzip, but damaged before its first byte"},
	}
	for _, tt := range tests {
		_, err := OpenReader(strings.NewReader(tt.content), "it")
		var format *FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), tt.what) {
			t.Errorf("%q: %v; want %s", tt.content, err, tt.what)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "a directory") {
		t.Errorf("%v", err)
	}
	// The name says nothing.
	path := filepath.Join(dir, "x.pcap")
	if err := os.WriteFile(path, []byte("C: OUT\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if rec, err := r.Next(); err != nil || rec.Kind != Opened {
		t.Errorf("%v %v", rec, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Next(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("text was opened")
	}
}

// Short reads, as of a pipe, make no difference.
func TestOneByteReads(t *testing.T) {
	for name, b := range smallFiles(t) {
		r, err := OpenReader(oneByte{bytes.NewReader(b)}, name)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; err == nil; n++ {
			_, err = r.Next()
		}
		if n != 5 {
			t.Errorf("%s: %d records, %v", name, n-1, err)
		}
	}
}

type oneByte struct{ r *bytes.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

// What has come through a pipe is told, though the pipe goes on.
func TestPipe(t *testing.T) {
	for name, b := range smallFiles(t) {
		in, out := io.Pipe()
		go out.Write(b)
		r, err := OpenReader(in, name)
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if _, err := r.Next(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		out.Close()
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("%s: %v at the end", name, err)
		}
	}
}
