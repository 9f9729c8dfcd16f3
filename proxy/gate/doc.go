// Package gate is the one place in the path of messages where they are stopped, changed
// and broken on purpose, and where others are put beside them: by rules, by people, by
// faults, by other programs.
//
// # The path
//
// A link frames what it reads. Frames that no [Stage] wants go on in the pieces in which
// they came. A frame that one may want is made whole first; it is told (to recorder and
// observer) as held, numbered by the desk, and given to the stages one after the other,
// in the desk's own goroutine. What they make of it is an [action.Effect]: forwarded,
// changed, dropped, delayed, held. Then it goes through its lane.
//
// # The desk
//
// The desk is the one live tracker. It numbers what is told, in the order in which
// recorder and observer get it, and follows it when it is asked: nothing is followed
// between a frame and its write that no stage wants. A stage sees a message as the
// inspector does: with account, role, dialect, exchange and findings. A panic there, or a
// finding that does not end, costs the gate and not the relay: what comes from then on
// passes ungated, and a line says so.
//
// # Lanes
//
// A [Lane] is one direction of one connection. It is empty, and the link writes as ever,
// until something is held or delayed: then that and all that is behind it wait in order.
// Keep-alive passes what people hold. Behind a held frame about 1 MiB or 1,024 frames wait,
// and in all lanes together about 64 MiB, each but for one read; then no more is read.
package gate
