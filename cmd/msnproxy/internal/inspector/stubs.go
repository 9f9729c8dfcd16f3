package inspector

// stubs of what is being written

type nothing struct{}

func (nothing) draw(canvas, bool) {}
func (nothing) move(int)          {}
func (nothing) page(int, bool)    {}
func (nothing) end(bool)          {}
func (nothing) click(int, int)    {}
func (nothing) wheel(int)         {}
func (nothing) enter()            {}

func newChatPane(*Inspector) pane     { return nothing{} }
func newFindingsPane(*Inspector) pane { return nothing{} }
func newStatsPane(*Inspector) pane    { return nothing{} }

func (ins *Inspector) copyCommand(string)   {}
func (ins *Inspector) saveCommand(string)   {}
func (ins *Inspector) saveExchange(string)  {}
func (ins *Inspector) exportCommand(string) {}
func (ins *Inspector) suspend()             {}
