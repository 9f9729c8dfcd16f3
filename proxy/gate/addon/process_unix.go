//go:build unix

package addon

import (
	"os/exec"
	"syscall"
)

// apart has the process not get the signals that the terminal sends.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends the process and those that it has started.
func kill(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
