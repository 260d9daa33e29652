package main

const description = `Visits the peers that the records on standard input name, and reads how many
pieces each has, without downloading or uploading any content. All records are passed on; every
settled reading adds a progress record, every visit a visit record when it ends.

A conversation is held open as long as the client lets it and the peer may still get pieces, so
that the moment in which it crosses the completion threshold is seen. Peers that are complete, or
want no more, are let go at once. Peers are revisited where a client won't hold; a failure is
never the end, but each one makes the next try later.`

const ways = `A peer is dialled over TCP in the clear first. When it cannot be reached, uTP follows at once; when it closes before its first
byte, the other side of encryption (MSE) follows ten seconds later. What worked is tried first at the next visit; what other peers or trackers say of
it (PEX flags, BEP 11) counts, too. A peer that neither takes TCP nor uTP is reached by an introduction (BEP 55) when one that is
connected to it talks to us over any transport. The visit records say which way was gone: transport, crypto, relay. --no-utp and
--no-encryption leave ways out.

With --bind given more than once, each peer sees the address whose canonical priority towards it is highest (BEP 40): clients that are full
keep the connections of highest priority. The records say which address and which rank.

Why a peer closed before its first byte is found out by later visits and by what happens elsewhere at its address: it is full, wants
encryption or the other transport, has another conversation with us, has paused the torrent, does not have it, or was about to go. The record of a
refused visit carries a first guess (reason, reason_sure); the visit that changes the verdict carries the better one, with the
session that it is about (reason_session).

How long each program holds a visitor, what it refuses and when it dials back is listed in bt-clients(7); the schedule goes by
that table.`

const visits = `With fewer slots than peers the slots are shared: every peer gets its first settled
reading, then spare slots hold the peers that are expected to cross soonest, while a quarter of
the slots goes round the others. The stat records say how long a round takes (round_s).

Nothing is said that would cost a peer: no pieces are claimed or requested, and "interested" is
said only to clients that otherwise close an idle connection sooner. A listen record upstream
(from bt-listen) makes bt-probe name that port, so that peers come back by themselves; a peer that is
talking to bt-listen is not dialled meanwhile.

When a torrent record does not say how many pieces there are, as with magnet links, the info
dictionary is fetched from the peers in passing, verified by its hash, and a torrent record is written.`
