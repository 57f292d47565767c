#!/bin/bash
# Runs the conformance and escape suites in a virtual machine with systemd and cgroup v2: as root, as
# a user with a delegated cgroup, and as a user without. README.md beside this file tells the rest.
#
#   test/vm/run.sh [VITEST-ARGUMENT…]    default: both suites whole
set -euo pipefail

[ $# -gt 0 ] || set -- test/conformance/linux.test.ts test/escape/linux.test.ts
checkout=$(realpath "$(dirname "$0")/../..")
seconds=${GLOVEBOX_VM_SECONDS:-3000}
accelerator=${GLOVEBOX_VM_ACCELERATOR:-tcg,thread=multi}
kernel_arguments=${GLOVEBOX_VM_KERNEL_ARGUMENTS:-}
folder=${GLOVEBOX_VM_FOLDER:-}

say() { echo "vm: $*" >&2; }
fail() { say "$*"; exit 1; }

check_host() {
    [ "$(id -u)" = 0 ] || fail "run this as root: it makes a file system with devices and owners"
    local program
    for program in mmdebstrap mke2fs qemu-system-x86_64 node; do
        command -v "$program" >/dev/null ||
            fail "$program is missing: apt-get install mmdebstrap e2fsprogs qemu-system-x86 nodejs"
    done
    [ -x "$checkout/dist/launcher/glovebox-launcher" ] && [ -d "$checkout/node_modules/vitest" ] ||
        fail "build first: npm run build"
}

packages=linux-image-cloud-amd64,systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd
packages+=,python3,gcc,g++,libc6-dev,make,procps,util-linux,strace

# The second disk is a tar file: no file system is needed to hand the checkout over.
unit='[Unit]
After=basic.target dbus.service systemd-logind.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c "mkdir /opt/glovebox && tar -xf /dev/vdb -C /opt/glovebox && bash /opt/glovebox/test/vm/guest.sh >/dev/ttyS1 2>&1"
ExecStopPost=/bin/systemctl poweroff --force
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target'

# Kept in GLOVEBOX_VM_FOLDER for the next time; the machine writes to a snapshot only.
make_disk() {
    [ -e "$folder/disk.img" ] && return
    say "installing Debian into $folder/root"
    rm -rf "$folder/root"
    mmdebstrap --quiet --variant=minbase --include="$packages" bookworm "$folder/root"
    echo "$unit" >"$folder/root/etc/systemd/system/glovebox-test.service"
    echo glovebox-vm >"$folder/root/etc/hostname"
    : >"$folder/root/etc/fstab"
    chroot "$folder/root" useradd --create-home --uid 1000 ordinary
    chroot "$folder/root" systemctl --quiet enable glovebox-test.service
    chroot "$folder/root" systemctl --quiet mask serial-getty@ttyS0.service \
        serial-getty@ttyS1.service apt-daily.timer apt-daily-upgrade.timer
    mke2fs -q -t ext4 -d "$folder/root" "$folder/disk.part" 2G
    mv "$folder/disk.part" "$folder/disk.img"
}

pack_checkout() {
    cp "$(node -p process.execPath)" "$folder/node"
    printf '%s\n' "$@" >"$folder/vitest-arguments"
    tar -cf "$folder/checkout.tar" --exclude=./.git -C "$checkout" . \
        -C "$folder" ./node ./vitest-arguments
}

boot() {
    say "booting ($accelerator), at most $seconds s"
    timeout "$seconds" qemu-system-x86_64 -accel "$accelerator" -cpu max -smp 2 -m 3G \
        -nodefaults -display none -no-reboot \
        -kernel "$(echo "$folder"/root/boot/vmlinuz-*)" \
        -initrd "$(echo "$folder"/root/boot/initrd.img-*)" \
        -append "root=/dev/vda rw console=ttyS0 quiet $kernel_arguments" \
        -drive "file=$folder/disk.img,format=raw,if=virtio,snapshot=on" \
        -drive "file=$folder/checkout.tar,format=raw,if=virtio,readonly=on" \
        -serial "file:$folder/console.log" -serial "file:$folder/result.log"
}

check_host
if [ -z "$folder" ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
mkdir -p "$folder"
make_disk
pack_checkout "$@"
boot || say "the machine ended with code $?: see its console, ${GLOVEBOX_VM_FOLDER:-kept with GLOVEBOX_VM_FOLDER=…}"
cat "$folder/result.log"
grep -q '^vm: all passed' "$folder/result.log"
