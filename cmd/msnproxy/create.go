package main

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"msnproxy/capture"
	"msnproxy/cmd/msnproxy/internal/inspector"
	"msnproxy/cmd/msnproxy/internal/show"
)

// recordWriter is a recording being written.
type recordWriter interface{ WriteRecord(*capture.Record) error }

// output is a file that is written in one of the formats: by convert, and by who
// saves from the inspector.
type output struct {
	recordWriter
	closers []func() error
}

// Close writes what is left and closes the file.
func (o *output) Close() error {
	var errs []error
	for _, f := range o.closers {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// outputFormat tells the format by the name.
func outputFormat(name string) (format string, zipped bool, err error) {
	base, zipped := strings.CutSuffix(name, ".gz")
	switch format = strings.ToLower(filepath.Ext(base)); format {
	case ".pcapng", ".pcap", ".txt", ".jsonl":
		return format, zipped, nil
	}
	return "", false, fmt.Errorf("%s: the name tells no format; it ends in .pcapng, .pcap, .txt or .jsonl, or one of these and .gz", name)
}

// createOutput makes a file in the format that its name tells. It must not exist.
func createOutput(name string) (*output, error) {
	format, zipped, err := outputFormat(name)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s exists already; recordings are never overwritten", name)
	}
	if err != nil {
		return nil, err
	}
	o := &output{}
	var w io.Writer = file
	buffered := bufio.NewWriterSize(file, 1<<20)
	w = buffered
	after := []func() error{buffered.Flush, file.Close}
	if zipped {
		z := gzip.NewWriter(buffered)
		w = z
		after = append([]func() error{z.Close}, after...)
	}
	switch format {
	case ".pcapng":
		p, err := capture.NewWriter(w, "converted by msnproxy "+version())
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		o.recordWriter = p
		after = append([]func() error{func() error { return p.Close(0) }}, after...)
	case ".pcap":
		p, err := capture.NewPcapWriter(w)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		o.recordWriter = p
	case ".txt":
		o.recordWriter = capture.NewTranscriptWriter(w)
	case ".jsonl":
		p := show.New(w, show.Options{Format: show.JSON, Raw: true})
		o.recordWriter = printing{p}
		after = append([]func() error{p.Flush}, after...)
	}
	o.closers = after
	return o, nil
}

// printing makes a recordWriter of a printer.
type printing struct{ *show.Printer }

func (p printing) WriteRecord(r *capture.Record) error { return p.Record(r) }

// saveTo is createOutput for the inspector.
func saveTo(name string) (inspector.Output, error) {
	o, err := createOutput(name)
	if err != nil {
		return nil, err
	}
	return o, nil
}
