package peerwire

import (
	"encoding/binary"
	"fmt"

	"btkit/pkg/benc"
	"btkit/pkg/outcome"
)

// ParseDontHave reads the payload of lt_donthave (BEP 54): the number of a piece
// that the sender no longer has.
func ParseDontHave(payload []byte) (index uint32, err error) {
	if len(payload) != 4 {
		return 0, outcome.Fail(outcome.Malformed, fmt.Errorf("lt_donthave of %d bytes", len(payload)))
	}
	return binary.BigEndian.Uint32(payload), nil
}

// AppendDontHave adds the frame of lt_donthave; id is the receiver's number for
// it.
func AppendDontHave(dst []byte, id uint8, index uint32) []byte {
	return AppendExtended(dst, id, binary.BigEndian.AppendUint32(nil, index))
}

// ParseUploadOnly reads the payload of libtorrent's upload_only message: one
// byte, 0 or 1.
func ParseUploadOnly(payload []byte) (yes bool, err error) {
	if len(payload) != 1 {
		return false, outcome.Fail(outcome.Malformed, fmt.Errorf("upload_only of %d bytes", len(payload)))
	}
	return payload[0] != 0, nil
}

// AppendUploadOnly adds the frame of the upload_only message.
func AppendUploadOnly(dst []byte, id uint8, yes bool) []byte {
	var b byte
	if yes {
		b = 1
	}
	return AppendExtended(dst, id, []byte{b})
}

// ParseTex reads the payload of lt_tex (BEP 28): tracker URLs, at most limit of
// them and each at most 2048 bytes. They are untrusted and unchecked.
func ParseTex(payload []byte, limit int) (urls []string, err error) {
	v, _, _, err := parseDict(payload)
	if err != nil {
		return nil, fmt.Errorf("lt_tex message: %w", err)
	}
	return texts(v.Get("added"), limit), nil
}

func texts(list benc.Value, limit int) (out []string) {
	for v := range list.List() {
		if len(out) >= limit {
			break
		}
		if b, ok := v.Bytes(); ok && len(b) <= 2048 {
			out = append(out, string(b))
		}
	}
	return out
}
