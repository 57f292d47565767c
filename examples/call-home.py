#!/usr/bin/env python3
# Tries to send data out, in four ways:  glovebox run examples/call-home.py
#
# Glovebox shows: without `--network` a sandbox has a network of its own with nothing in it but
# loopback. Names don't resolve, addresses are not reachable, and the services of this machine (a
# database, a cloud's metadata) do not exist inside. The exit code is 1 if anything gets out, else 0.
import socket
import sys


def connect(host, port):
    with socket.create_connection((host, port), timeout=3):
        pass


def send_datagram(host, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.sendto(b"secret", (host, port))


ATTEMPTS = [
    ("a web server by name", lambda: connect("example.com", 443)),
    ("a name server by address", lambda: send_datagram("9.9.9.9", 53)),
    ("the cloud's metadata", lambda: connect("169.254.169.254", 80)),
    ("this machine's ssh server", lambda: connect("127.0.0.1", 22)),
]

got_out = False
for what, attempt in ATTEMPTS:
    try:
        attempt()
        print(f"{what}: reached")
        got_out = True
    except OSError as error:
        print(f"{what}: {error.strerror or error}")
sys.exit(1 if got_out else 0)
