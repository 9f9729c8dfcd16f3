package inspector

import (
	"bytes"
	"context"
	"image"
	"io"
	"strings"
	"time"

	"msnproxy/cmd/msnproxy/internal/objects"
	"msnproxy/decode/transfer"
)

// transfersPane is the view of what people handed each other by P2P, whatever is
// filtered: a list, and below it the selected one, with its picture if it is one.
type transfersPane struct {
	ins     *Inspector
	task    task
	list    []transfer.Transfer
	version int
	made    bool
	at      time.Time // when the list was made
	sel     int
	synced  int // the row that sel was last chosen for
	top     int
	height  int
	shown   shownPicture
}

// shownPicture is the picture of a transfer, or why there is none.
type shownPicture struct {
	number  int
	packets int // that it had then
	img     image.Image
	wrong   string
}

// transfersEvery is how often the list is made anew while packets come.
const transfersEvery = 250 * time.Millisecond

func newTransfersPane(ins *Inspector) pane {
	return &transfersPane{ins: ins, task: task{ins: ins}, synced: -1}
}

// refresh takes the list anew if there is more.
func (p *transfersPane) refresh() {
	x := p.ins.x
	if p.made && (x.TransfersVersion() == p.version || p.ins.paused || p.ins.o.Live && p.ins.o.Now().Sub(p.at) < transfersEvery) {
		return
	}
	p.list, p.version = x.Transfers()
	p.made, p.at = true, p.ins.o.Now()
}

// sync selects the transfer of the selected row, wherever that was chosen; where it has
// none, the last one before it.
func (p *transfersPane) sync() {
	p.sel = bound(p.sel, 0, max(len(p.list)-1, 0))
	row := p.ins.sel
	if row == p.synced || len(p.list) == 0 {
		return
	}
	p.synced = row
	number, _ := p.ins.x.TransferOf(row)
	for i := range p.list {
		if p.list[i].Number == number {
			p.sel = i
		}
	}
}

// selected returns the selected transfer, nil if there is none.
func (p *transfersPane) selected() *transfer.Transfer {
	if p.sel < 0 || p.sel >= len(p.list) {
		return nil
	}
	return &p.list[p.sel]
}

func (p *transfersPane) move(n int) {
	p.refresh()
	p.sync()
	p.pick(p.sel + n)
}

// pick selects a transfer, and the message that it began with.
func (p *transfersPane) pick(n int) {
	p.sel = bound(n, 0, max(len(p.list)-1, 0))
	if t := p.selected(); t != nil {
		if row := p.ins.x.RowOf(t.Message); row >= 0 {
			p.ins.selectRow(row)
		}
	}
	p.synced = p.ins.sel
}

func (p *transfersPane) page(dir int, half bool) { p.move(screenful(p.height, dir, half)) }

func (p *transfersPane) end(last bool) {
	p.refresh()
	if last {
		p.pick(len(p.list) - 1)
		return
	}
	p.pick(0)
}

func (p *transfersPane) click(_, y int) {
	if n := p.top + y - 2; y >= 2 && y-2 < p.height && n < len(p.list) {
		p.pick(n)
	}
}

func (p *transfersPane) wheel(n int) { p.move(n) }

// enter goes to the message that the transfer began with.
func (p *transfersPane) enter() {
	if t := p.selected(); t != nil {
		if row := p.ins.x.RowOf(t.Message); row >= 0 {
			p.ins.reveal(row)
			p.ins.setView(messagesView)
		}
	}
}

// picture has the picture of a transfer made, if it is one and whole.
func (p *transfersPane) picture(t *transfer.Transfer) {
	if p.shown.number == t.Number && p.shown.packets == t.Packets {
		return
	}
	p.shown = shownPicture{number: t.Number, packets: t.Packets}
	p.task.stop()
	if name, _ := t.Type(); !strings.HasSuffix(name, "picture") || t.SHA1 == "" {
		return
	}
	want := p.shown
	if t.Received() > objects.MaxPicture {
		p.shown.wrong = "the picture is too large to be shown"
		return
	}
	x := p.ins.x
	p.task.start(0, func(ctx context.Context) func() {
		var content bytes.Buffer
		_, err := x.Content(ctx, want.number, &content)
		var img image.Image
		if err == nil {
			img, err = objects.Decode(content.Bytes())
		}
		return func() {
			if p.shown.number != want.number {
				return
			}
			if p.shown.img = img; err != nil {
				p.shown.wrong = err.Error()
			}
		}
	})
}

// saveObject writes the content of the selected transfer to a file.
func (ins *Inspector) saveObject(arg string) {
	p, ok := ins.main[transfersView].(*transfersPane)
	if !ok {
		return
	}
	p.refresh()
	p.sync()
	t := p.selected()
	if t == nil || t.Received() == 0 {
		ins.complain("there is nothing of it to save")
		return
	}
	_, ext := t.Type()
	endings := []string{"." + ext, ".bin"}
	if t.SHA1 == "" {
		endings = []string{".part", ".bin"}
	}
	number := t.Number
	label := "save " + objects.FileName(t, t.Head) + " to"
	ins.askFile(label, arg, endings, func(name string) {
		ins.export(name, func(ctx context.Context, _ *job, w io.Writer) (string, error) {
			c := byteCounter{w: w}
			_, err := ins.x.Content(ctx, number, &c)
			return plural(c.n, "byte"), err
		})
	})
}

// byteCounter counts the bytes that are written.
type byteCounter struct {
	w io.Writer
	n int
}

func (c *byteCounter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += n
	return n, err
}

// writeTransfers writes the list as "msnproxy objects" prints it.
func (ins *Inspector) writeTransfers(w io.Writer) (string, error) {
	list, _ := ins.x.Transfers()
	all := make([]*transfer.Transfer, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return plural(len(list), "transfer"), objects.WriteText(w, all, nil)
}
