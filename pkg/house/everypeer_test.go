package house

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestEveryPeerAnswers runs the chain on a small swarm of peers behind NATs,
// peers that want encryption, peers without TCP and peers whose slots are often
// full. Over every way somebody is read, and nothing is confirmed falsely; how
// much of it is found in longer plays is a matter of "make lab-hard".
func TestEveryPeerAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	records := filepath.Join(dir, "records.ndjson")
	chain := fmt.Sprintf(`bt-meta $BT_LAB_TORRENTS | bt-listen | bt-peers-tracker | bt-probe --timeout 1s | bt-confirm > %s`, records)
	play := exec.Command(filepath.Join(binaries, "bt-lab"), "--quiet", "--seed", "5", "--leechers", "110", "--seeds", "10", "--finishing", "40", "--duration", "24s",
		"--unreachable", "0", "--busy", "0", "--nat", "0.3", "--shy", "0.5", "--encrypted", "0.3", "--utp-only", "0.2", "--full", "0.2", "--tex", "0.2",
		"--dir", dir, "--", "sh", "-c", chain)
	play.Env = append(os.Environ(), "PATH="+binaries+":"+os.Getenv("PATH"))
	if out, err := play.CombinedOutput(); err != nil {
		t.Fatalf("the chain beside its swarm: %v\n%s", err, out)
	}
	got, err := os.ReadFile(records)
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"over uTP":             `"type":"visit".*"direction":"out".*"transport":"utp".*"stage":"settled"`,
		"over uTP, encrypted":  `"type":"visit".*"transport":"utp","crypto":"(rc4|mse-plain)".*"stage":"settled"`,
		"over TCP, encrypted":  `"type":"visit".*"transport":"tcp","crypto":"(rc4|mse-plain)".*"stage":"settled"`,
		"over TCP, plain":      `"type":"visit".*"transport":"tcp","crypto":"plain".*"stage":"settled"`,
		"when it dialled us":   `"type":"visit".*"direction":"in".*"stage":"settled"`,
		"by an introduction":   `"type":"visit".*"stage":"settled".*"relay":"127\.`,
		"and why one refused":  `"type":"visit".*"reason":"[a-z-]+","reason_sure":0?\.?[0-9]+`,
		"and who knows others": `"type":"peer".*"source":"pex".*"encryption":true,"utp":true`,
		"and another tracker":  `"type":"torrent".*"source":"tex"`,
		"and who has finished": `"type":"download"`,
	} {
		if !regexp.MustCompile(want).Match(got) {
			t.Errorf("nobody was read %s: no record has %s", what, want)
		}
	}
	check := program{name: "bt-lab"}.run(t, "", "--check", records, "--truth", filepath.Join(dir, "truth.ndjson"), "--recall", "0.1", "--breaches", "0")
	if check.code != 0 {
		t.Errorf("exit %d, want 0, with nothing confirmed falsely and no bad manners:\n%s%s", check.code, check.stdout, check.stderr)
	}
}
