package inspector

// stubs of what is being written

func (ins *Inspector) copyCommand(string)   {}
func (ins *Inspector) saveCommand(string)   {}
func (ins *Inspector) saveExchange(string)  {}
func (ins *Inspector) exportCommand(string) {}
func (ins *Inspector) suspend()             {}
