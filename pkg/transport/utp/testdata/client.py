"""A libtorrent session without TCP, with one torrent.

Arguments: the .torrent file, the folder to save to, the address to listen on,
and perhaps a peer to call. Prints the port, then the progress, until standard
input ends.
"""
import select
import sys

import libtorrent as lt

torrent, save, listen, *peer = sys.argv[1:]
session = lt.session({
    "listen_interfaces": ("[%s]:0" if ":" in listen else "%s:0") % listen,
    "enable_outgoing_tcp": False,
    "enable_incoming_tcp": False,
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "out_enc_policy": 2,
    "in_enc_policy": 2,
    "allow_multiple_connections_per_ip": True,
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = save
handle = session.add_torrent(params)
while handle.status().state == lt.torrent_status.checking_files:
    pass
print(session.listen_port(), flush=True)
if peer:
    handle.connect_peer((peer[0].rsplit(":", 1)[0].strip("[]"), int(peer[0].rsplit(":", 1)[1])))
while True:
    ready, _, _ = select.select([0], [], [], 0.1)
    if ready and not sys.stdin.read(1):
        break
    print("%.3f" % handle.status().progress, flush=True)
