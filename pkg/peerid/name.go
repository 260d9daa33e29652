package peerid

import (
	"slices"
	"strconv"
	"strings"
)

// Styles of peer ids, the third result of Name.
const (
	Azureus   = "azureus"
	Mainline  = "mainline"
	Shadow    = "shadow"
	Prefix    = "prefix" // a fixed text at a fixed place
	BitComet  = "bitcomet"
	BitSpirit = "bitspirit"
	Rufus     = "rufus"
	None      = "none"
)

// Name decodes a peer id. The version is "" where the id has none; an id that
// fits no style is "unknown", "", "none".
func Name(id [20]byte) (client, version, style string) {
	if id == [20]byte{} {
		return "all zero", "", None
	}
	for _, read := range []func([]byte) (string, string, string){
		bitSpirit, rufus, bitComet, byPrefix, byAzureus, byMainline, byShadow,
	} {
		if client, version, style = read(id[:]); style != "" {
			return client, version, style
		}
	}
	return "unknown", "", None
}

func bitSpirit(id []byte) (client, version, style string) {
	if id[0] != 0 || string(id[2:4]) != "BS" {
		return "", "", ""
	}
	return "BitSpirit", strconv.Itoa(max(int(id[1]), 1)) + ".x", BitSpirit
}

func rufus(id []byte) (client, version, style string) {
	if id[0] >= 32 || string(id[2:4]) != "RS" {
		return "", "", ""
	}
	return "Rufus", dots(int(id[0]), int(id[1])), Rufus
}

func bitComet(id []byte) (client, version, style string) {
	switch string(id[:4]) {
	case "exbc", "FUTB", "xUTB":
	default:
		return "", "", ""
	}
	version = strconv.Itoa(int(id[4])) + "." + twoDigits(int(id[5]))
	if string(id[6:10]) == "LORD" {
		return "BitLord (old)", version, BitComet
	}
	return "BitComet (old)", version, BitComet
}

func byPrefix(id []byte) (client, version, style string) {
	for _, p := range prefixes[:] { // not a copy of it
		if !strings.HasPrefix(string(id[p.offset:]), p.literal) {
			continue
		}
		switch {
		case p.client == "Opera" && !digits(id[2:6]):
			continue
		case (p.client == "AllPeers" || p.client == "Top-BT") && !digits(id[2:3]):
			continue
		}
		return p.client, prefixVersion(p.client, id), Prefix
	}
	return "", "", ""
}

// prefixVersion knows the few clients of that table whose version can be read.
func prefixVersion(client string, id []byte) string {
	switch {
	case client == "Tixati" && digits(id[3:7]):
		return twoTwo.read(id[3:7])
	case client == "MLdonkey":
		version, _, _ := strings.Cut(string(id[3:]), "-")
		return Clean(version)
	case client == "XBT Client" && digits(id[3:6]):
		version := dots(int(id[3]-'0'), int(id[4]-'0'), int(id[5]-'0'))
		if id[6] == 'd' {
			version += " debug"
		}
		return version
	}
	return ""
}

func byAzureus(id []byte) (client, version, style string) {
	if id[0] != '-' || !printable(id[1]) || !printable(id[2]) {
		return "", "", ""
	}
	code := string(id[1:3])
	if id[7] != '-' && !openEnded(code) {
		return "", "", ""
	}
	i, found := slices.BinarySearchFunc(azureus[:], code, func(c coded, code string) int {
		return strings.Compare(c.code, code)
	})
	if !found {
		return "unknown -" + code + "-", four.read(id[3:7]), Azureus
	}
	return azureus[i].client, azureus[i].version.read(id[3:7]), Azureus
}

// openEnded names the clients that put something else in place of the second
// dash.
func openEnded(code string) bool {
	switch code {
	case "UT", "UM", "BT", "UE", "UW", "FG":
		return true
	}
	return false
}

func byMainline(id []byte) (client, version, style string) {
	client = mainline(id[0])
	parts := strings.Split(string(id[1:8]), "-")
	if client == "" || len(parts) < 3 {
		return "", "", ""
	}
	for _, part := range parts[:3] {
		if part == "" || !digits([]byte(part)) {
			return "", "", ""
		}
	}
	return client, strings.Join(parts[:3], "."), Mainline
}

const shadowAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-"

func byShadow(id []byte) (client, version, style string) {
	client = shadow(id[0])
	switch {
	case client == "":
	case string(id[6:9]) == "---" && inShadow(id[1:6]):
		return client, shadowVersion(strings.TrimRight(string(id[1:6]), "-")), Shadow
	case string(id[4:6]) == "--" && inShadow(id[1:4]):
		return client, shadowVersion(string(id[1:4])), Shadow
	}
	return "", "", ""
}

func inShadow(b []byte) bool {
	for _, c := range b {
		if strings.IndexByte(shadowAlphabet, c) < 0 {
			return false
		}
	}
	return true
}

func shadowVersion(s string) string {
	numbers := make([]int, len(s))
	for i := range numbers {
		numbers[i] = strings.IndexByte(shadowAlphabet, s[i])
	}
	return dots(numbers...)
}
