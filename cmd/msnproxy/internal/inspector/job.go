package inspector

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
)

// job is a file being written, or a session being replayed. It has a goroutine of
// its own, so that the screen does not wait for it.
type job struct {
	doing  string // writing, replaying
	name   string
	cancel context.CancelFunc
	at, of atomic.Int64 // how far it is, and how far it goes
	done   chan struct{}
}

func (j *job) state() string {
	if j.of.Load() == 0 {
		return j.doing + " " + filepath.Base(j.name) + ", Esc stops it"
	}
	return j.doing + " " + filepath.Base(j.name) + " " + strconv.FormatInt(j.at.Load()*100/max(j.of.Load(), 1), 10) + " %, Esc stops it"
}

// errStopped says that the user wants no more of it.
var errStopped = errors.New("stopped")

// start begins a job: f writes the file, and returns what there is to say of it.
// after, on the screen's goroutine, follows what went well. A file that is not whole
// is removed: what would be in it is still where it came from.
func (ins *Inspector) start(name string, f func(ctx context.Context, j *job) (string, error), after func()) {
	ins.startJob("writing", name, f, after)
}

// startJob is start for what is not written to a file.
func (ins *Inspector) startJob(doing, name string, f func(ctx context.Context, j *job) (string, error), after func()) {
	if ins.job != nil {
		ins.complain("still " + ins.job.doing + " " + ins.job.name + "; Esc stops it")
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{doing: doing, name: name, cancel: cancel, done: make(chan struct{})}
	ins.job = j
	go ins.Guard(func() {
		defer close(j.done)
		defer cancel()
		said, err := f(ctx, j)
		ins.post(func() {
			ins.job = nil
			switch {
			case errors.Is(err, errStopped):
				ins.say("stopped: nothing is left of " + name)
			case err != nil:
				first, _, _ := strings.Cut(err.Error(), "\n")
				ins.complain(first)
			default:
				ins.say(said)
				if after != nil {
					after()
				}
			}
		})
	})
}

// endJob stops a job, and waits until it has tidied up.
func (ins *Inspector) endJob() {
	if j := ins.job; j != nil {
		j.cancel()
		<-j.done
	}
}

// discard removes a file that is not whole because of err, and returns the error
// with what became of the file.
func discard(name string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err // the name is said below
	}
	if rerr := os.Remove(name); rerr != nil {
		return fmt.Errorf("%w; what there is of %s could not be removed", err, name)
	}
	if errors.Is(err, errStopped) {
		return err
	}
	return fmt.Errorf("writing %s: %w; the unfinished file is removed", name, err)
}

// askFile opens a prompt for the name of a file that is to be written, with one of
// the endings.
func (ins *Inspector) askFile(label, arg string, endings []string, write func(name string)) {
	if arg = expandHome(strings.TrimSpace(arg)); arg != "" {
		if wrong := nameProblem(arg, endings); wrong != "" {
			ins.complain(wrong)
			return
		}
		write(arg)
		return
	}
	ins.openPrompt(&prompt{
		label:    label,
		check:    func(text string) string { return nameProblem(expandHome(strings.TrimSpace(text)), endings) },
		complete: func(text string) (int, []string) { return completeFile(text, endings) },
		done:     func(text string) { write(expandHome(strings.TrimSpace(text))) },
	}, "")
}

// nameProblem says what is wrong with the name of a file to be written; "":
// nothing.
func nameProblem(name string, endings []string) string {
	if endingOf(name, endings) == "" {
		return "the name ends in " + strings.Join(endings[:len(endings)-1], ", ") + " or " + endings[len(endings)-1]
	}
	if _, err := os.Lstat(name); err == nil {
		return name + " exists already; nothing is ever overwritten"
	}
	if dir, err := os.Stat(filepath.Dir(name)); err != nil || !dir.IsDir() {
		return "there is no directory " + filepath.Dir(name)
	}
	return ""
}

// endingOf returns which of the endings a name has, or "". A name is more than that.
func endingOf(name string, endings []string) string {
	base := strings.ToLower(filepath.Base(name))
	best := ""
	for _, e := range endings {
		if strings.HasSuffix(base, e) && len(base) > len(e) && len(e) > len(best) {
			best = e
		}
	}
	return best
}

// completeFile completes the name of a file to be written: with what is in its
// directory, then with an ending.
func completeFile(text string, endings []string) (from int, words []string) {
	dir, base := filepath.Split(text)
	const most = 200
	entries, _ := os.ReadDir(or(expandHome(dir), "."))
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || name[0] == '.' && base == "" || len(words) == most {
			continue
		}
		if e.IsDir() {
			name += string(filepath.Separator)
		}
		words = append(words, name)
	}
	if endingOf(base, endings) == "" && base != "" {
		base = strings.TrimSuffix(base, ".")
		for _, e := range endings {
			words = append(words, base+e)
		}
	}
	return len(dir), words
}

// expandHome puts the user's home in the place of a leading ~, as a shell would.
func expandHome(name string) string {
	if rest, ok := strings.CutPrefix(name, "~"+string(filepath.Separator)); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return home + string(filepath.Separator) + rest
		}
	}
	return name
}
