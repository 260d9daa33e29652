package main

const description = `Takes connections from peers that dial us and leads the same conversation as
bt-probe. Most peers cannot be dialled, but many of them dial: they learn of us from the trackers to
which the sources downstream announce the port of the listen record, and from bt-probe, which
names it in every conversation.

TCP and uTP are taken at one port number, in the clear and encrypted (MSE); which torrent an encrypted
call is about is found by its hash.

Only torrents that the records on standard input name are answered. All records are passed on;
each connection adds a peer record with source "incoming", progress records, and a visit record when it
ends. A peer that names its own listening port is known by that port (listen_port).

With --once, a peer is let go when its reading has settled, and the command stops at the end of its input.`
