package proxytest

import "fmt"

// fileTransfer is the Application-GUID of file transfers.
const fileTransfer = "{5D3E02AB-6190-11d3-BBBB-00C04F795683}"

// inviteType is the content type of invitations and their answers.
const inviteType = "text/x-msmsgsinvite; charset=UTF-8"

// TextPayload returns the payload of an instant message.
func TextPayload(text string) string {
	return mime("text/plain; charset=UTF-8",
		[]string{"X-MMS-IM-Format: FN=MS%20Sans%20Serif; EF=; CO=0; CS=0; PF=0"}) + text
}

// TypingPayload returns the payload that says that somebody is typing.
func TypingPayload(handle string) string {
	return mime("text/x-msmsgscontrol", []string{"TypingUser: " + handle}, "")
}

// InvitePayload returns the payload that offers a file of so many bytes.
func InvitePayload(cookie uint32, file string, size int64) string {
	return mime(inviteType, nil,
		"Application-Name: File Transfer",
		"Application-GUID: "+fileTransfer,
		"Invitation-Command: INVITE",
		fmt.Sprintf("Invitation-Cookie: %d", cookie),
		"Application-File: "+file,
		fmt.Sprintf("Application-FileSize: %d", size),
		"")
}

// CancelPayload returns the payload that refuses or withdraws an invitation.
func CancelPayload(cookie uint32, code string) string {
	return mime(inviteType, nil,
		"Invitation-Command: CANCEL",
		fmt.Sprintf("Invitation-Cookie: %d", cookie),
		"Cancel-Code: "+code,
		"")
}
