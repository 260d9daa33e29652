"""A libtorrent session that seeds one torrent and takes encrypted connections only.

The first argument is the configuration. The first line of output says the port and
the info-hash; each line of input is an address to call. It ends with its input.
"""
import json
import os
import sys
import time

import libtorrent as lt

config = json.loads(sys.argv[1])
folder = config["folder"]
with open(os.path.join(folder, "content"), "wb") as f:
    f.write(bytes(range(256)) * 256)

files = lt.file_storage()
lt.add_files(files, os.path.join(folder, "content"))
made = lt.create_torrent(files, 16384, lt.create_torrent.v1_only)
lt.set_piece_hashes(made, folder)
info = lt.torrent_info(lt.bdecode(lt.bencode(made.generate())))

forced = int(lt.enc_policy.forced)
session = lt.session({
    "listen_interfaces": "127.0.0.1:0",
    "outgoing_interfaces": "127.0.0.1",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_outgoing_utp": False,
    "allow_multiple_connections_per_ip": True,
    "connection_speed": 200,
    "connections_limit": 2000,
    "in_enc_policy": forced,
    "out_enc_policy": forced,
    "allowed_enc_level": config["level"],
    "prefer_rc4": config["prefer_rc4"],
    "alert_mask": 0,
})
params = lt.add_torrent_params()
params.ti = info
params.save_path = folder
params.flags |= lt.torrent_flags.seed_mode
params.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
handle = session.add_torrent(params)
while handle.status().state != lt.torrent_status.seeding:
    time.sleep(0.02)

print(json.dumps({"port": session.listen_port(), "infohash": str(info.info_hash())}), flush=True)
for line in sys.stdin:
    ip, port = line.rsplit(":", 1)
    handle.connect_peer((ip, int(port)))
