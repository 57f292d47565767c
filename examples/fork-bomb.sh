#!/usr/bin/env bash
# A fork bomb:  glovebox run --processes 32 --timeout 5s examples/fork-bomb.sh
#
# DON'T run this without Glovebox: it fills a machine with processes until nothing else can start.
#
# Glovebox shows: fork(2) fails at the 33rd process, so the machine stays usable, and the time limit
# takes the whole tree down with the sandbox. The exit code is 124.
#
# It refuses to start outside: there, the home folder is not the sandbox's.
if [ "${HOME}" != /home/sandbox ] || [ "${PWD}" != /workspace ]; then
    echo "not in a sandbox: run it with glovebox run --processes 32 --timeout 5s $0" >&2
    exit 1
fi

bomb() {
    bomb 2>/dev/null &
    bomb 2>/dev/null &
    wait
}
bomb
