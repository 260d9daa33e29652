//go:build interop

package announce

import (
	"bytes"
	"net"
	"net/netip"
	"os/exec"
	"reflect"
	"strconv"
	"testing"
	"time"

	"btkit/pkg/geo"
)

// The tracker of a network is found through a real DNS server.
func TestFindLocalByDnsmasq(t *testing.T) {
	program, err := exec.LookPath("dnsmasq")
	if err != nil {
		program = "/usr/sbin/dnsmasq"
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := conn.LocalAddr().(*net.UDPAddr)
	conn.Close()
	var said bytes.Buffer
	cmd := exec.Command(program, "--keep-in-foreground", "--conf-file=/dev/null", "--log-facility=-", "--pid-file=", "--user=",
		"--no-resolv", "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1", "--port="+strconv.Itoa(server.Port),
		"--local=/office.example/", "--ptr-record=9.2.0.192.in-addr.arpa,pc.lab.office.example",
		"--srv-host=_bittorrent-tracker._tcp.office.example,tracker.office.example,6969")
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatalf("start dnsmasq (make interop installs it): %v", err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	dns := geo.ResolverAt(server.String())
	var got []string
	for end := time.Now().Add(20 * time.Second); got == nil && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		got, err = FindLocal(t.Context(), dns, netip.MustParseAddr("192.0.2.9"))
	}
	if want := []string{"http://tracker.office.example:6969/announce"}; !reflect.DeepEqual(got, want) {
		cmd.Process.Kill()
		cmd.Wait()
		t.Errorf("found %q (%v), want %q; dnsmasq said:\n%s", got, err, want, &said)
	}
}
