package mse

import "sync"

// Keys are the torrents that a Receiver answers for. A call names its torrent
// by a hash of the info-hash, so that both have to be looked up by that. Keys
// may be used by many goroutines; the zero value is empty and ready.
type Keys struct {
	mu     sync.RWMutex
	byReq2 map[[20]byte][20]byte
}

// Add serves one more info-hash. Of a hybrid torrent both are added, that of
// version 2 truncated to 20 bytes (BEP 52).
func (k *Keys) Add(infoHash [20]byte) {
	id := req2(infoHash)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byReq2 == nil {
		k.byReq2 = map[[20]byte][20]byte{}
	}
	k.byReq2[id] = infoHash
}

func (k *Keys) lookup(req2 [20]byte) (infoHash [20]byte, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	infoHash, ok = k.byReq2[req2]
	return infoHash, ok
}
