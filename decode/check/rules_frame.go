package check

import "msnproxy/decode"

// The severities, short.
const (
	note    = decode.Note
	warning = decode.Warning
	fault   = decode.Error
)

// Frames: what package decode finds while it cuts the bytes, and what can be told
// of it afterwards.
var frameRules = []Rule{
	{ID: "frame.opaque", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "Bytes that are no MSNP stand where a command should: neither verb nor error code can be made out. A length that does not fit, a peer that speaks something else, or a damaged recording. Everything up to the next plausible command is passed over."},
	{ID: "frame.blank", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "An empty line stands between commands. The grammar has none; servers exist that send one after every reply, and strict clients take it for a command."},
	{ID: "frame.length", Severity: fault, First: 2, Source: "MSNP2, MSG",
		About: "The connection or the recording ends, or bytes are missing, before a payload has the length that its command line announces. A peer waits for the rest as long as the connection lives."},
	{ID: "frame.cut", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "A command line has no line end when the connection ends. Some clients send their last OUT that way. Or a log does not show the payload of a command."},
	{ID: "frame.line-end", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "A command line ends in a lone LF, not in CRLF. Microsoft's server took that from a client; its client never sent it."},
	{ID: "frame.lost", Severity: note, First: 2, Source: "the recording",
		About: "The recording lacks bytes here, so that what follows is judged by less: rules that need to have seen everything keep silent on this connection from here on."},
}

// Command lines.
var lineRules = []Rule{
	{ID: "line.blanks", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "Blanks stand in a row, or before the line end. Parameters are parted by one blank each; a peer that splits the line there sees an empty parameter."},
	{ID: "line.sender", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "The command never comes from this side. A server disconnects a client that sends a server's command."},
	{ID: "line.role", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "The command does not belong on a connection to this kind of server, such as PNG on a switchboard."},
	{ID: "line.missing", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "Parameters are missing that the command has in every dialect."},
	{ID: "line.extra", Severity: note, First: 2, Source: "MSNP2, all commands",
		About: "There are more parameters than the command has in any dialect. A blank in a name that is not escaped does that."},
	{ID: "line.parameter", Severity: warning, First: 2, Source: "MSNP2, all commands",
		About: "A parameter is not what stands in this place: no number, no address, no list, or not one of the few words that are possible."},
	{ID: "line.error", Severity: note, First: 2, Source: "MSNP2, error replies",
		About: "The code of an error reply is not known. Clients show such an error as it is, or ignore it."},
}

// Payloads that are not MIME messages, and lengths.
var payloadRules = []Rule{
	{ID: "payload.form", Severity: note, First: 2, Source: "MSNP2, MSG",
		About: "The payload is not what its content type or its command wants: a mail notification without its keys, an unknown Invitation-Command, bytes after the headers of a profile."},
	{ID: "payload.xml", Severity: note, First: 2, Source: "MSNP5, NOT",
		About: "The XML of a payload is broken. Real alerts were, at times, with a bare & in an address; lenient readers show them all the same."},
	{ID: "payload.length", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "An empty line follows a payload. Nothing parts a payload from the next command, so the sender probably has not counted the last line end of the payload. Clients that don't skip empty lines lose their place."},
	{ID: "payload.inner", Severity: warning, First: 2, Source: "MSNP18, SDG, PUT, DEL and NFY",
		About: "The Content-Length among the headers of a routed payload is not that of its body. The length at the end of the command line is what counts; peers that go by the other one cut the body, or wait for more."},
	{ID: "payload.from", Severity: warning, First: 18, Source: "MSNP18, SDG, PUT and DEL",
		About: "A client says From an account that is not the one that is signed in on the connection."},
	{ID: "payload.end-point", Severity: warning, First: 18, Source: "MSNP18, SDG, PUT and DEL",
		About: "A client says From another end point (epid) than the GUID of the machine that it gave when it signed in, or than it said before. Answers go to an end point that nobody is at. Said once for each end point."},
	{ID: "payload.characters", Severity: fault, First: 2, Source: "MSNP2, MSG",
		About: "After a payload with characters beyond ASCII there are just so many bytes too many as the length would be too small if it counted characters. The length of a payload is in bytes; the rest of the text is read as a command."},
}

// MIME messages: MSG, and UBM and UUM of later dialects.
var mimeRules = []Rule{
	{ID: "mime.version", Severity: note, First: 2, Source: "MSNP2, MSG",
		About: "A message has no MIME-Version header. Every message has one, but for the later pieces of a message in pieces."},
	{ID: "mime.type", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A message has no Content-Type header, by which clients decide what to do with it: most of them show nothing."},
	{ID: "mime.order", Severity: note, First: 2, Source: "MSNP2, MSG",
		About: "MIME-Version and Content-Type are not the first two headers, in this order. One author found that Microsoft's client wants them so. Said once for each side of a connection."},
	{ID: "mime.end", Severity: note, First: 2, Source: "MSNP2, MSG",
		About: "There is no empty line after the headers of a message, so that it has no body, or its body is taken for headers."},
	{ID: "mime.colon", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A line among the headers of a message has no colon. Among the keys of a body that is a note (payload.form)."},
	{ID: "mime.typing", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A text/x-msmsgscontrol message says neither who is typing (TypingUser) nor who is recording (RecordingUser)."},
	{ID: "mime.typing-user", Severity: note, First: 2, Source: "MSNP2, MSG",
		About: "TypingUser names somebody else than the sender of the message. Clients show whom it names. Said once for each name."},
	{ID: "mime.format", Severity: note, First: 2, Source: "MSNP3, MSG",
		About: "X-MMS-IM-Format has a value that is none: effects (EF) other than B, I, S and U, a colour (CO) that is not up to six hex digits, a charset (CS) or pitch and family (PF) that is not one or two, RL that is not 0 or 1. Said once for each value."},
	{ID: "mime.charset", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A text is in another charset than UTF-8. Microsoft's client shows nothing then."},
	{ID: "mime.charset-unknown", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A text is in a charset that nobody knows; here it is read as UTF-8."},
	{ID: "mime.text", Severity: warning, First: 2, Source: "MSNP2, MSG",
		About: "A text says that it is UTF-8, and is not."},
}
