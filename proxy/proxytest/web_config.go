package proxytest

import "net/http"

const configSpace = "http://www.msn.com/webservices/Messenger/Client"

// settings answers with the client's settings: at MsgrConfig.asmx by SOAP
// (GetClientConfig), at /etc/MsgrConfig as they are.
func (c *call) settings() {
	h := c.web.config.Hosts
	document := `<MsgrConfig><ServiceConfig><MessengerEndpoint /></ServiceConfig><LocalizedConfig Market="en-US">` +
		`<AppDirConfig><AppDirPageURL>http://` + h.Config + `/AppDirectory/Directory.aspx?L=en-us</AppDirPageURL>` +
		`<AppDirSeviceURL>http://` + h.Config + `/AppDirectory/AppDirectory.asmx</AppDirSeviceURL>` +
		`<AppDirVersionURL>http://` + h.Config + `/AppDirectory/GetAppdirVersion.aspx</AppDirVersionURL></AppDirConfig>` +
		`<TabConfig><msntabsettings><defaulttab>1</defaulttab></msntabsettings><msntabdata /></TabConfig>` +
		`</LocalizedConfig><AbchConfig><url>https://` + h.Contacts + `/abservice/abservice.asmx</url></AbchConfig></MsgrConfig>`
	switch {
	case c.Method != http.MethodPost:
		c.answer(http.StatusOK, xmlHead+document)
	case c.action() == "GetClientConfig":
		c.answer(http.StatusOK, envelope("", `<GetClientConfigResponse xmlns="`+configSpace+`"><GetClientConfigResult><![CDATA[`+document+`]]></GetClientConfigResult></GetClientConfigResponse>`))
	default:
		c.unasked()
	}
}
