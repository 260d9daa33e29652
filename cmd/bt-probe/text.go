package main

const description = `Visits the peers that the records on standard input name, and reads how many
pieces each has, without downloading or uploading any content. All records are passed on; every
settled reading adds a progress record, every visit a visit record when it ends.

A conversation is held open as long as the client lets it and the peer may still get pieces, so
that the moment in which it crosses the completion threshold is seen. Peers that are complete, or
want no more, are let go at once. Peers are revisited where a client won't hold; a failure is
never the end, but each one makes the next try later.`

const visits = `With fewer slots than peers the slots are shared: every peer gets its first settled
reading, then spare slots hold the peers that are expected to cross soonest, while a quarter of
the slots goes round the others. The stat records say how long a round takes (round_s).

Nothing is said that would cost a peer: no pieces are claimed or requested, and "interested" is
said only to clients that otherwise close an idle connection sooner. A listen record upstream
(from bt-listen) makes bt-probe name that port, so that peers come back by themselves; a peer that is
talking to bt-listen is not dialled meanwhile.

When a torrent record does not say how many pieces there are, as with magnet links, the info
dictionary is fetched from the peers in passing, verified by its hash, and a torrent record is written.`
