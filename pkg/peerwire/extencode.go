package peerwire

import (
	"maps"
	"slices"
)

// AppendExtHandshake adds the frame of an extension handshake. Fields with the
// zero value are left out; VRaw and Oddities are not sent.
func AppendExtHandshake(dst []byte, e ExtHandshake) []byte {
	return AppendExtended(dst, 0, e.dict())
}

// dict is the dictionary with its keys in order.
func (e ExtHandshake) dict() []byte {
	b := []byte{'d'}
	if e.CompleteAgo != nil {
		b = appendNumberPair(b, "complete_ago", *e.CompleteAgo)
	}
	b = appendTruth(b, "e", e.Encrypt)
	b = appendBytes(b, "ipv4", e.IPv4.AsSlice())
	b = appendBytes(b, "ipv6", e.IPv6.AsSlice())
	b = appendM(b, e.M)
	b = appendPositive(b, "metadata_size", e.MetadataSize)
	b = appendPositive(b, "p", int64(e.P))
	b = appendPositive(b, "reqq", int64(e.Reqq))
	b = appendTruth(b, "share_mode", e.ShareMode)
	b = appendBytes(b, "tr", e.TrackerHash)
	b = appendTruth(b, "upload_only", e.UploadOnly)
	b = appendBytes(b, "v", []byte(e.V))
	b = appendBytes(b, "yourip", e.YourIP.AsSlice())
	return append(b, 'e')
}

func appendM(b []byte, m map[string]uint8) []byte {
	if m == nil {
		return b
	}
	b = append(appendText(b, "m"), 'd')
	for _, name := range slices.Sorted(maps.Keys(m)) {
		b = appendNumberPair(b, name, int64(m[name]))
	}
	return append(b, 'e')
}

func appendTruth(b []byte, key string, yes *bool) []byte {
	switch {
	case yes == nil:
		return b
	case *yes:
		return appendNumberPair(b, key, 1)
	}
	return appendNumberPair(b, key, 0)
}

func appendPositive(b []byte, key string, n int64) []byte {
	if n <= 0 {
		return b
	}
	return appendNumberPair(b, key, n)
}

func appendBytes(b []byte, key string, s []byte) []byte {
	if len(s) == 0 {
		return b
	}
	return appendTextPair(b, key, string(s))
}
