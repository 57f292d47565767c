#!/bin/bash
# Holds the namespaces of one Docker daemon, and leaves nothing of it when its owner is gone.
#
# usage: guard.sh NAME FOLDER, with a stdin that the owner holds open
# stdout: one line, `PID DRIVER`: pid 1 of the namespaces as the owner sees it, and Docker's storage
# driver that works there.
#
# Outside: waits for the namespaces to end, then removes the cgroups NAME and FOLDER. Inside, as
# pid 1: sets up, waits for the end of stdin, which is the end of the owner, and ends. The kernel
# then kills every process of the PID namespace and frees mounts and network with the last of them.
set -eu
name=$1 folder=$2 side=${3-outside}
max_data=6g

inside() {
    # Before the new /proc is there: the pid as the owner sees it.
    local pid driver=overlay2
    read -r pid _ </proc/self/stat
    mount -t proc proc /proc
    ip link set lo up
    mount -t tmpfs -o "mode=755,size=$max_data" none "$folder/root"
    mkdir -p "$folder"/root/{etc,work}
    # The daemon writes its key into /etc/docker; its shims put their sockets into /run.
    local layers="lowerdir=/etc,upperdir=$folder/root/etc,workdir=$folder/root/work"
    if ! mount -t overlay -o "$layers" none /etc 2>/dev/null; then
        driver=vfs
        cp -a /etc/. "$folder/root/etc"
        mount --bind "$folder/root/etc" /etc
    fi
    mount -t tmpfs -o mode=755 none /run
    echo "$pid $driver"
    read -r _ || true
    kill -KILL -- -1 2>/dev/null || true
    thaw
}

# A frozen process of cgroup v1 can't even die.
thaw() {
    find /sys/fs/cgroup -path "*/$name/*" -name freezer.state | while read -r state; do
        echo THAWED >"$state" || true
    done
}

# A cgroup is busy until the last of its processes is reaped.
remove_cgroups() {
    local tries roots
    for ((tries = 0; tries < 50; tries++)); do
        mapfile -t roots < <(find /sys/fs/cgroup -maxdepth 2 -type d -name "$name")
        [ "${#roots[@]}" -gt 0 ] || return 0
        find "${roots[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
    done
}

if [ "$side" = inside ]; then
    inside
    exit
fi
# What ends the owner may reach its children too.
trap '' HUP INT TERM
setpriv --pdeathsig KILL unshare --pid --fork --kill-child --mount --net \
    "$BASH" "$0" "$name" "$folder" inside || true
remove_cgroups
rm -rf --one-file-system "$folder"
