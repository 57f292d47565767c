# Runs inside of the virtual machine, as root; what it prints is the result. Started by run.sh.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /opt/glovebox || exit
install -m 755 node /usr/local/bin/node
chmod -R a+rX .
failed=0

mkdir -p /var/lib/systemd/linger && touch /var/lib/systemd/linger/ordinary
systemctl start user@1000.service

environment=(GLOVEBOX_NO_BUILD=1 GLOVEBOX_REQUIRE=linux "PATH=$PATH")
as_user=(setpriv --reuid=1000 --regid=1000 --init-groups env -i "${environment[@]}"
    HOME=/home/ordinary XDG_RUNTIME_DIR=/run/user/1000)
delegated=(systemd-run --user --scope --quiet --property=Delegate=yes)
mapfile -t arguments <vitest-arguments
vitest=(node node_modules/vitest/vitest.mjs run --configLoader=runner --no-color --reporter=verbose
    --maxWorkers=1 "${arguments[@]}")
# An emulated processor compiles the attack programs for longer than a real one ever would.
sed -i 's/^const SLOW_MS = .*/const SLOW_MS = 600_000;/' vitest.config.ts

# NAME CGROUP COMMAND…: the doctor must name that cgroup, and the suites must pass.
run_suites() {
    local name=$1 cgroup=$2
    shift 2
    echo
    echo "=== $name"
    "$@" node bin/glovebox doctor >/tmp/doctor 2>&1
    cat /tmp/doctor
    grep -q "$cgroup" /tmp/doctor || { echo "vm: $name: no word of $cgroup"; failed=1; }
    # Not a terminal, or it would draw its progress.
    "$@" "${vitest[@]}" 2>&1 | cat
    local code=${PIPESTATUS[0]}
    echo "vm: $name: exit code $code"
    [ $code = 0 ] || failed=1
}

uname -r
node --version
grep cgroup /proc/self/mountinfo
run_suites "root" "cgroup v2" env -i "${environment[@]}" HOME=/root
run_suites "user, delegated" "cgroup v2" "${as_user[@]}" "${delegated[@]}"
run_suites "user, not delegated" "sampled" "${as_user[@]}"

echo
echo "=== settings that forbid user namespaces"
for setting in kernel.unprivileged_userns_clone user.max_user_namespaces; do
    before=$(sysctl -n "$setting") || continue
    sysctl -q -w "$setting=0"
    "${as_user[@]}" node bin/glovebox run -- true 2>&1 | tee /tmp/refused
    grep -q "sysctl -w $setting=" /tmp/refused || { echo "vm: no remedy for $setting"; failed=1; }
    sysctl -q -w "$setting=$before"
done

left=$(find /sys/fs/cgroup -name 'glovebox-[0-9]*')
[ -z "$left" ] || { echo "vm: cgroups are left: $left"; failed=1; }
[ $failed = 0 ] && echo "vm: all passed" || echo "vm: something failed"
