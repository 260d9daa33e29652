"""A libtorrent session, driven by lines of JSON; also plain DHT nodes.

The first argument is the configuration. Each line on standard input is a
command and gets one line of answer with the same "id"; lines with "event"
come by themselves, in between. Times are seconds since 1970.
"""
import base64
import json
import os
import select
import sys
import time

import libtorrent as lt

POLL = 0.1  # seconds between two looks at progress and alerts


def settings(config):
    """What a user would set: address, rates, DHT; the rest is libtorrent's default."""
    ip, port = config["ip"], config["port"]
    host = "[%s]" % ip if ":" in ip else ip
    wanted = {
        "listen_interfaces": "%s:%d" % (host, port),
        "outgoing_interfaces": ip,
        # More torrents at a time than the default, for tests that have one per question.
        "active_downloads": -1,
        "active_seeds": -1,
        "active_limit": -1,
        "enable_dht": not config.get("no_dht"),
        "enable_lsd": False,
        "enable_upnp": False,
        "enable_natpmp": False,
        "dht_bootstrap_nodes": ",".join(config.get("bootstrap") or []),
        "alert_mask": lt.alert.category_t.error_notification
        | lt.alert.category_t.status_notification
        | lt.alert.category_t.tracker_notification
        | lt.alert.category_t.connect_notification
        | lt.alert.category_t.peer_notification,
    }
    for name in ("download_rate_limit", "upload_rate_limit"):
        if config.get(name):
            wanted[name] = config[name]
    for direction in ("incoming", "outgoing"):
        wanted["enable_%s_utp" % direction] = not config.get("no_utp")
        wanted["enable_%s_tcp" % direction] = not config.get("no_tcp")
    if config.get("encrypted"):
        # As qBittorrent does for "require encryption".
        wanted["in_enc_policy"] = wanted["out_enc_policy"] = int(lt.enc_policy.pe_forced)
        wanted["allowed_enc_level"] = int(lt.enc_level.pe_rc4)
    return wanted


def limit_local_peers(session):
    """Local addresses are exempt from rate limits by default; put everybody in class 0."""
    everybody = lt.ip_filter()
    everybody.add_rule("0.0.0.0", "255.255.255.255", 1)
    everybody.add_rule("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1)
    session.set_peer_class_filter(everybody)


def bitfield(pieces):
    """Packs a list of booleans, first piece in the highest bit."""
    packed = bytearray((len(pieces) + 7) // 8)
    for i, have in enumerate(pieces):
        if have:
            packed[i // 8] |= 0x80 >> (i % 8)
    return base64.b64encode(bytes(packed)).decode()


class Driver:
    """Owns the session; everything happens in its one loop."""

    def __init__(self, config):
        # Sessions without a torrent are DHT nodes and nothing else.
        self.nodes = [lt.session(settings(dict(config, ip=ip))) for ip in config.get("nodes") or []]
        self.session = lt.session(settings(config))
        if config.get("limit_local_peers"):
            limit_local_peers(self.session)
        self.handles = {}

    def say(self, **members):
        sys.stdout.write(json.dumps(members) + "\n")
        sys.stdout.flush()

    def do_add(self, command):
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(command["torrent"])
        params.save_path = command["dir"]
        handle = self.session.add_torrent(params)
        self.handles[command["name"]] = handle
        return {}

    def do_remove(self, command):
        self.session.remove_torrent(self.handles.pop(command["name"]))
        return {}

    def do_status(self, command):
        status = self.handles[command["name"]].status(lt.status_flags_t.query_pieces)
        return {
            "ts": time.time(),
            "have": status.num_pieces,
            "pieces": len(status.pieces),
            "bitfield": bitfield(status.pieces),
            "state": str(status.state),
        }

    def do_peers(self, command):
        rows = []
        for peer in self.handles[command["name"]].get_peer_info():
            rows.append({
                "ip": peer.ip[0], "port": peer.ip[1], "client": peer.client.decode("utf-8", "replace"),
                "progress": peer.progress, "incoming": not bool(peer.flags & lt.peer_info.local_connection),
            })
        return {"peers": rows}

    def do_reannounce(self, command):
        self.handles[command["name"]].force_reannounce()
        self.handles[command["name"]].force_dht_announce()
        return {}

    def do_meet(self, command):
        self.handles[command["name"]].connect_peer((command["ip"], command["port"]))
        return {}

    def do_limit(self, command):
        self.handles[command["name"]].set_max_connections(command["peers"])
        return {}

    def do_info(self, command):
        return {
            "port": self.session.listen_port(), "version": lt.version,
            "dht_nodes": self.session.status().dht_nodes,
        }

    def answer(self, line):
        command = json.loads(line)
        try:
            reply = getattr(self, "do_" + command["do"])(command)
            self.say(id=command["id"], ok=True, **reply)
        except Exception as err:
            self.say(id=command["id"], ok=False, error="%s: %s" % (type(err).__name__, err))

    def watch(self):
        for alert in self.session.pop_alerts():
            self.say(event="alert", ts=time.time(), what=alert.what(), text=alert.message())

    def run(self):
        """Serves commands until standard input ends; partial lines wait for the rest."""
        pending = b""
        while True:
            ready, _, _ = select.select([0], [], [], POLL)
            if ready:
                data = os.read(0, 65536)
                if not data:
                    return
                pending += data
                while b"\n" in pending:
                    line, pending = pending.split(b"\n", 1)
                    self.answer(line)
            self.watch()


Driver(json.loads(sys.argv[1])).run()
