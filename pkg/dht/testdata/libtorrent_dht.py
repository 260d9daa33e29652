"""A DHT of libtorrent sessions on 127.x addresses, or on ports of [::1].

Arguments: port, number of plain nodes, of seeds, of leechers, folder, and
"ipv4" or "ipv6". Writes
one line of JSON with the bootstrap node, the info-hash and the addresses of
seeds and leechers, and serves until standard input ends, announcing every
few seconds.
"""
import json
import os
import select
import sys

import libtorrent as lt


def settings(address, bootstrap):
    return {
        "listen_interfaces": address,
        "outgoing_interfaces": address.rpartition(":")[0].strip("[]"),
        "enable_dht": True,
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "allow_multiple_connections_per_ip": True,
        "dht_bootstrap_nodes": bootstrap,
        "dht_restrict_routing_ips": False,
        "dht_restrict_search_ips": False,
        "dht_prefer_verified_node_ids": False,
        "dht_enforce_node_id": False,
        "dht_ignore_dark_internet": False,
        "dht_announce_interval": 60,
    }


def make_torrent(folder):
    """A small torrent; everybody shares its one file."""
    path = os.path.join(folder, "content")
    with open(path, "wb") as file:
        file.write(b"btkit" * 20000)
    storage = lt.file_storage()
    lt.add_files(storage, path)
    torrent = lt.create_torrent(storage, 16384)
    lt.set_piece_hashes(torrent, folder)
    return lt.torrent_info(lt.bdecode(lt.bencode(torrent.generate())))


def main():
    port, nodes, seeds, leechers = (int(a) for a in sys.argv[1:5])
    folder = sys.argv[5]
    total = nodes + seeds + leechers
    if sys.argv[6] == "ipv6":
        addresses = ["[::1]:%d" % (port + i) for i in range(total)]
    else:
        addresses = ["127.%d.%d.1:%d" % (60 + i, i, port) for i in range(total)]
    first, second = addresses[:2]
    sessions = [lt.session(settings(a, second if i == 0 else first)) for i, a in enumerate(addresses)]
    info = make_torrent(folder)
    handles = []
    for i, session in enumerate(sessions[nodes:]):
        params = lt.add_torrent_params()
        params.ti = info
        params.save_path = folder if i < seeds else os.path.join(folder, "empty%d" % i)
        params.flags &= ~(lt.torrent_flags.paused | lt.torrent_flags.auto_managed)
        params.flags |= lt.torrent_flags.seed_mode if i < seeds else lt.torrent_flags.upload_mode
        handles.append(session.add_torrent(params))
    members = addresses[nodes:]
    print(json.dumps({
        "bootstrap": first, "infohash": str(info.info_hash()),
        "seeds": members[:seeds], "leechers": members[seeds:],
    }), flush=True)
    while True:
        ready, _, _ = select.select([0], [], [], 3)
        if ready:
            return
        for handle in handles:
            handle.force_dht_announce()


main()
