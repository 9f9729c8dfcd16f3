package inspector

// working reports whether a pane has something worked out that it will show.
func (ins *Inspector) working() bool {
	for _, p := range ins.main {
		if w, ok := p.(interface{ working() bool }); ok && w.working() {
			return true
		}
	}
	return ins.sessions.task.busy()
}

func (p *chatPane) working() bool      { return p.task.busy() }
func (p *findingsPane) working() bool  { return p.task.busy() }
func (p *statsPane) working() bool     { return p.task.busy() }
func (p *transfersPane) working() bool { return p.task.busy() }
func (l *ladder) working() bool        { return l.task.busy() }
