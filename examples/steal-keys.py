#!/usr/bin/env python3
# Looks for secrets, as a malicious package would:  glovebox run examples/steal-keys.py
#
# Glovebox shows: in a sandbox there is nothing to steal. The home folders of this machine do not
# exist inside, the environment is built from nothing, and the program does not see other processes.
# The exit code is 1 if it finds anything, else 0. Without Glovebox (python3 examples/steal-keys.py)
# it names what it finds, and keeps its contents to itself.
import glob
import os
import sys

PLACES = [
    "~/.ssh/*",
    "~/.aws/*",
    "~/.config/gh/*",
    "~/.netrc",
    "~/.bash_history",
    "/home/*/.ssh/*",
    "/root/.ssh/*",
    "/etc/shadow",
    "/var/run/docker.sock",
]
WORDS = ("TOKEN", "SECRET", "PASSWORD", "KEY")


def readable(path):
    try:
        with open(path, "rb") as file:
            return len(file.read(1)) > 0
    except OSError:
        return False


def other_processes():
    me = os.getpid()
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) not in (1, me)]


files = [path for place in PLACES for path in glob.glob(os.path.expanduser(place)) if readable(path)]
variables = [name for name in os.environ if any(word in name.upper() for word in WORDS)]
processes = other_processes()

print(f"secret files:     {', '.join(files) or 'none'}")
print(f"secret variables: {', '.join(variables) or 'none'}")
print(f"other processes:  {len(processes) or 'none'}")
sys.exit(1 if files or variables or processes else 0)
