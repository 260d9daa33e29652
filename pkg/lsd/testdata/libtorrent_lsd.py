"""A libtorrent session with local service discovery and nothing else.

Arguments: the interfaces to listen on, a torrent file, a folder. It ends with
its standard input.
"""
import sys

import libtorrent as lt

interfaces, torrent, folder = sys.argv[1:]
session = lt.session({
    "listen_interfaces": interfaces,
    "enable_lsd": True, "enable_dht": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_outgoing_utp": False, "out_enc_policy": 2,
    "local_service_announce_interval": 5,
})
params = lt.add_torrent_params()
params.ti = lt.torrent_info(torrent)
params.save_path = folder
handle = session.add_torrent(params)
sys.stdin.read()
