//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// xmlrpcValue is one value of an answer: text, or an array of values.
type xmlrpcValue struct {
	Text   string        `xml:",chardata"`
	String string        `xml:"string"`
	I4     string        `xml:"i4"`
	I8     string        `xml:"i8"`
	Array  []xmlrpcValue `xml:"array>data>value"`
}

// text is the value of a scalar of any type.
func (v xmlrpcValue) text() string {
	for _, s := range []string{v.String, v.I4, v.I8} {
		if s != "" {
			return s
		}
	}
	return strings.TrimSpace(v.Text)
}

// callSCGI calls a method with strings as its arguments, over the SCGI socket
// at path, as a web server would.
func callSCGI(ctx context.Context, path, method string, arguments ...string) (xmlrpcValue, error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, `<?xml version="1.0"?><methodCall><methodName>%s</methodName><params>`, method)
	for _, a := range arguments {
		body.WriteString("<param><value><string>")
		xml.EscapeText(&body, []byte(a))
		body.WriteString("</string></value></param>")
	}
	body.WriteString("</params></methodCall>")
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return xmlrpcValue{}, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	header := fmt.Sprintf("CONTENT_LENGTH\x00%d\x00SCGI\x001\x00", body.Len())
	if _, err := fmt.Fprintf(conn, "%d:%s,%s", len(header), header, body.Bytes()); err != nil {
		return xmlrpcValue{}, err
	}
	reply, err := io.ReadAll(io.LimitReader(conn, 1<<24))
	if err != nil {
		return xmlrpcValue{}, err
	}
	_, text, found := bytes.Cut(reply, []byte("\r\n\r\n"))
	if !found {
		return xmlrpcValue{}, fmt.Errorf("answer %q has no body", reply)
	}
	return decodeXMLRPC(text)
}

func decodeXMLRPC(text []byte) (xmlrpcValue, error) {
	var answer struct {
		Value []xmlrpcValue `xml:"params>param>value"`
		Fault *struct {
			Text string `xml:",innerxml"`
		} `xml:"fault"`
	}
	switch err := xml.Unmarshal(text, &answer); {
	case err != nil:
		return xmlrpcValue{}, err
	case answer.Fault != nil:
		return xmlrpcValue{}, errors.New(answer.Fault.Text)
	case len(answer.Value) != 1:
		return xmlrpcValue{}, fmt.Errorf("got %d values, want one", len(answer.Value))
	}
	return answer.Value[0], nil
}
