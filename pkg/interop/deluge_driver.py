"""A deluged and its RPC, driven by lines of JSON.

The first argument is the configuration. Each line on standard input is a
command and gets one line of answer with the same "id". The daemon ends with
standard input.
"""
import base64
import json
import os
import subprocess
import sys
import time

from twisted.internet import defer, reactor, stdio, task
from twisted.protocols import basic

from deluge.ui.client import client

RPC_PORT = 58846  # deluged's own default


def settings(config):
    """What a user would set; the rest is Deluge's default. The queue is off,
    since the tests have a torrent for each question."""
    wanted = {
        "listen_ports": [config["port"], config["port"]],
        "random_port": False,
        "outgoing_interface": config["ip"],
        "dht": not config.get("no_dht"),
        "upnp": False,
        "natpmp": False,
        "lsd": False,
        "new_release_check": False,
        "max_active_downloading": -1,
        "max_active_seeding": -1,
        "max_active_limit": -1,
        "max_download_speed": config["down"] / 1024.0 if config.get("down") else -1.0,
        "max_upload_speed": config["up"] / 1024.0 if config.get("up") else -1.0,
        "ignore_limits_on_local_network": False,
    }
    if config.get("encrypted"):
        wanted.update(enc_in_policy=0, enc_out_policy=0, enc_level=2)
    return wanted


def bitfield(states, count):
    """Packs the states of the pieces, 3 means downloaded; no list means all."""
    have = [s == 3 for s in states] if states is not None else [True] * count
    packed = bytearray((count + 7) // 8)
    for i, there in enumerate(have):
        if there:
            packed[i // 8] |= 0x80 >> (i % 8)
    return sum(have), base64.b64encode(bytes(packed)).decode()


class Driver(basic.LineOnlyReceiver):
    """Answers one command after the other."""

    delimiter = b"\n"
    MAX_LENGTH = 1 << 20

    def __init__(self, config):
        self.config = config
        self.ids = {}
        self.last = defer.succeed(None)

    def say(self, **members):
        self.sendLine(json.dumps(members).encode())

    def lineReceived(self, line):
        command = json.loads(line)
        self.last.addCallback(lambda _: self.answer(command))

    def connectionLost(self, reason=None):
        if reactor.running:
            reactor.stop()

    @defer.inlineCallbacks
    def answer(self, command):
        try:
            reply = yield getattr(self, "do_" + command["do"])(command)
            self.say(id=command["id"], ok=True, **(reply or {}))
        except Exception as err:
            self.say(id=command["id"], ok=False, error="%s: %s" % (type(err).__name__, err))

    @defer.inlineCallbacks
    def do_add(self, command):
        with open(command["torrent"], "rb") as f:
            data = base64.b64encode(f.read())
        options = {"download_location": command["dir"], "add_paused": False}
        name = os.path.basename(command["torrent"])
        self.ids[command["name"]] = yield client.core.add_torrent_file(name, data, options)

    @defer.inlineCallbacks
    def do_remove(self, command):
        yield client.core.remove_torrent(self.ids.pop(command["name"]), False)

    @defer.inlineCallbacks
    def do_reannounce(self, command):
        yield client.core.force_reannounce([self.ids[command["name"]]])

    @defer.inlineCallbacks
    def do_limit(self, command):
        yield client.core.set_torrent_options([self.ids[command["name"]]], {"max_connections": command["peers"]})

    @defer.inlineCallbacks
    def do_status(self, command):
        keys = ["pieces", "num_pieces", "state", "is_seed"]
        got = yield client.core.get_torrent_status(self.ids[command["name"]], keys)
        states = got["pieces"]
        if states is None and not got["is_seed"]:
            states = []
        have, packed = bitfield(states, got["num_pieces"])
        defer.returnValue({"ts": time.time(), "have": have, "pieces": got["num_pieces"], "bitfield": packed, "state": got["state"]})

    @defer.inlineCallbacks
    def do_peers(self, command):
        got = yield client.core.get_torrent_status(self.ids[command["name"]], ["peers"])
        rows = []
        for peer in got["peers"]:
            ip, port = peer["ip"].rsplit(":", 1)
            rows.append({"ip": ip.strip("[]"), "port": int(port), "client": peer["client"], "progress": peer["progress"]})
        defer.returnValue({"peers": rows})

    @defer.inlineCallbacks
    def do_info(self, command):
        port = yield client.core.get_listen_port()
        version = yield client.daemon.get_version()
        defer.returnValue({"port": port, "version": version, "dht_nodes": -1})


@defer.inlineCallbacks
def start(config, daemon):
    """Connects to the daemon, which takes a while to listen, then serves."""
    for _ in range(200):
        try:
            with open(os.path.join(config["dir"], "auth")) as f:
                user, password = f.readline().split(":")[:2]
            yield client.connect(config["ip"], RPC_PORT, user, password)
            break
        except Exception as err:
            trouble = err
        if daemon.poll() is not None:
            break
        yield task.deferLater(reactor, 0.1, lambda: None)
    else:
        print(trouble, file=sys.stderr)
    yield client.core.set_config(settings(config))
    while True:
        port = yield client.core.get_listen_port()
        if port == config["port"]:
            break
        yield task.deferLater(reactor, 0.1, lambda: None)
    stdio.StandardIO(Driver(config))


def fail(failure):
    failure.printTraceback(sys.stderr)
    reactor.stop()


def main(config):
    os.makedirs(config["dir"], exist_ok=True)
    daemon = subprocess.Popen([
        "deluged", "-d", "-c", config["dir"], "-p", str(RPC_PORT), "-u", config["ip"],
        "-i", config["ip"], "-L", "info", "-l", os.path.join(config["dir"], "deluged.log"),
    ], stdin=subprocess.DEVNULL, stdout=2)
    try:
        reactor.callWhenRunning(lambda: start(config, daemon).addErrback(fail))
        reactor.run()
    finally:
        daemon.terminate()
        daemon.wait()


main(json.loads(sys.argv[1]))
