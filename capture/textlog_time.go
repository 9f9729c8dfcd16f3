package capture

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var clockTime = regexp.MustCompile(`(?:(\d{4})[-/.](\d\d)[-/.](\d\d)[T ,]*|(\d{4})(\d\d)(\d\d)[T ])?(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?([AP]M)\b)?(Z|[+-]\d\d:?\d\d)?`)

// logTime reads the times of a log's lines. Without a date the day is the second of
// 1970, and the next one after midnight; without a zone the time is local.
type logTime struct {
	last time.Time
	days int
}

// read returns the time in what stands before a command; zero if there is none.
func (l *logTime) read(before string) time.Time {
	m := clockTime.FindStringSubmatch(before)
	if m == nil {
		return time.Time{}
	}
	num := func(s string) int { n, _ := strconv.Atoi(s); return n }
	year, month, day := m[1], m[2], m[3]
	if year == "" {
		year, month, day = m[4], m[5], m[6]
	}
	hour, minute, second := num(m[7]), num(m[8]), num(m[9])
	switch {
	case m[11] == "PM" && hour < 12:
		hour += 12
	case m[11] == "AM" && hour == 12:
		hour = 0
	}
	if hour > 23 || minute > 59 || second > 60 {
		return time.Time{}
	}
	nano := num((m[10] + "000000000")[:9])
	zone := time.Local
	switch z := strings.ReplaceAll(m[12], ":", ""); {
	case z == "Z":
		zone = time.UTC
	case z != "":
		minutes := num(z[1:3])*60 + num(z[3:5])
		if z[0] == '-' {
			minutes = -minutes
		}
		zone = time.FixedZone("", minutes*60)
	}
	if year != "" {
		return time.Date(num(year), time.Month(num(month)), num(day), hour, minute, second, nano, zone)
	}
	t := time.Date(1970, 1, 2+l.days, hour, minute, second, nano, zone)
	if !l.last.IsZero() && l.last.Sub(t) > 12*time.Hour {
		l.days++
		t = t.AddDate(0, 0, 1)
	}
	l.last = t
	return t
}
