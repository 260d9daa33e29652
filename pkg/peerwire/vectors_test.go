package peerwire

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// unhex is a hex string of the vectors as bytes.
type unhex []byte

func (u *unhex) UnmarshalText(text []byte) (err error) {
	*u, err = hex.DecodeString(string(text))
	return err
}

type framed struct {
	Why    string
	Bytes  unhex
	Action string
}

type vectors struct {
	Handshakes []struct {
		Name     string
		Reserved unhex
		Flags    map[string]bool
		InfoHash unhex `json:"info_hash"`
		PeerID   unhex `json:"peer_id"`
		Bytes    unhex
	}
	HandshakeBad []framed `json:"handshake_bad"`
	Messages     []struct {
		Name                 string
		ID                   *ID
		Index, Begin, Length uint32
		Port                 uint16
		Pieces               int
		Have                 []uint32
		Data                 unhex
		PiecesRoot           unhex `json:"pieces_root"`
		Bytes                unhex
	}
	FramePolicy     []framed `json:"frame_policy"`
	PieceAccounting []struct {
		Pieces    int
		Case      string
		Bitfield  unhex
		Haves     []uint32
		TrueCount int `json:"true_count"`
	} `json:"piece_accounting"`
	AllowedFast []struct {
		IP        string
		InfoHash  unhex `json:"info_hash"`
		Pieces, K int
		Set       []uint32
	} `json:"allowed_fast"`
	ExtHandshake []struct {
		Name, Dict, Action string
		Bytes              unhex
	} `json:"ext_handshake"`
	Metadata struct {
		Small     unhex `json:"metadata_small"`
		SizeSmall int64 `json:"size_small"`
		SizeBig   int64 `json:"size_big"`
		BigBlocks []int `json:"big_block_lengths"`
		Request0  unhex `json:"request_0"`
		Request2  unhex `json:"request_2"`
		DataSmall unhex `json:"data_small"`
		Reject1   unhex `json:"reject_1"`
		Hostile   []struct {
			Why    string
			Bytes  unhex
			Prefix unhex `json:"bytes_prefix"`
		}
	} `json:"ut_metadata"`
	Pex struct {
		Bytes   unhex
		Decoded map[string][][]any
		Flags   map[string]uint8
		Hostile []framed
	} `json:"ut_pex"`
	DontHave struct {
		RemoteID uint8 `json:"remote_id"`
		Index    uint32
		Bytes    unhex
	} `json:"lt_donthave"`
	UploadOnly struct {
		RemoteID uint8 `json:"remote_id"`
		On, Off  unhex
	} `json:"upload_only_msg"`
	Holepunch struct {
		RemoteID uint8 `json:"remote_id"`
		Full     unhex `json:"rendezvous_v4_with_err_field"`
		Short    unhex `json:"rendezvous_v4_short"`
		Connect6 unhex `json:"connect_v6_short"`
		Error    unhex `json:"error_not_connected_v4"`
	} `json:"ut_holepunch"`
	Tex struct {
		TR        string
		Handshake unhex
		Message   unhex
	} `json:"lt_tex"`
	BEP40 []struct {
		A, B     string
		PA, PB   uint16
		Priority string
	}
}

func load(t testing.TB) (v vectors) {
	t.Helper()
	raw, err := os.ReadFile("testdata/peer_wire.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// decode feeds all of b to a new decoder and keeps copies of the messages.
func decode(b []byte) (messages []Message, err error) {
	var d Decoder
	err = d.Feed(b, keep(&messages))
	return messages, err
}

func keep(into *[]Message) func(Message) error {
	return func(m Message) error {
		m.Payload = append([]byte(nil), m.Payload...)
		*into = append(*into, m)
		return nil
	}
}

// extended decodes one extended message.
func extended(t testing.TB, b []byte) Message {
	t.Helper()
	messages, err := decode(b)
	if err != nil || len(messages) != 1 || messages[0].ID != Extended {
		t.Fatalf("decode %x: got %v, %v, want one extended message", b, messages, err)
	}
	return messages[0]
}
