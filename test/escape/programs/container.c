/* What only a container has: an engine's sockets, its cgroups and /sys, and what it puts into /dev. */
#include "attack.h"
#include <dirent.h>
#include <mqueue.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

static void engines(void) {
    static const char *const paths[] = {"/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock",
                                        "/var/run/containerd/containerd.sock", "/run/podman/podman.sock", "/run/crio/crio.sock",
                                        "/run/user/0/docker.sock", "/var/run/dockershim.sock", "/run/buildkit/buildkitd.sock"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        strcpy(to.sun_path, paths[i]);
        fails(paths[i], connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&to, sizeof to));
    }
    /* A shim's socket is abstract on old engines. */
    struct sockaddr_un shim = {.sun_family = AF_UNIX};
    memcpy(shim.sun_path, "\0/containerd-shim/moby/x/shim.sock", 34);
    fails("containerd's shim", connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&shim, sizeof(sa_family_t) + 34));
}

static void write_to(const char *folder, const char *name, const char *text) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY);
    fails(path, fd < 0 ? -1 : write(fd, text, strlen(text)));
}

static void cgroups(void) {
    static const char *const folders[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/cpuacct",
                                          "/sys/fs/cgroup/devices", "/sys/fs/cgroup/freezer", "/sys/fs/cgroup/systemd"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        static const char *const writes[][2] = {{"release_agent", "/tmp/x"}, {"notify_on_release", "1"}, {"cgroup.procs", "0"}, {"tasks", "0"},
                                                {"memory.max", "max"}, {"memory.limit_in_bytes", "-1"}, {"pids.max", "max"},
                                                {"devices.allow", "a"}, {"freezer.state", "FROZEN"}, {"cgroup.freeze", "1"},
                                                {"cgroup.kill", "1"}, {"cgroup.subtree_control", "+pids"}, {"memory.oom_control", "1"}};
        for (size_t j = 0; j < sizeof writes / sizeof writes[0]; j++)
            write_to(folders[i], writes[j][0], writes[j][1]);
        char path[600];
        snprintf(path, sizeof path, "%s/nested", folders[i]);
        fails(path, mkdir(path, 0755));
    }
}

static void kernel_files(void) {
    static const char *const writes[][2] = {{"/sys/kernel", "uevent_helper"}, {"/sys/kernel/mm/transparent_hugepage", "enabled"},
                                            {"/sys/power", "state"}, {"/sys/power", "wake_lock"}, {"/sys/module/kernel/parameters", "panic"},
                                            {"/proc", "sysrq-trigger"}, {"/proc/sys/kernel", "core_pattern"}, {"/proc/sys/kernel", "sysrq"},
                                            {"/proc/sys/vm", "panic_on_oom"}, {"/proc/sys/net/core", "rmem_default"}, {"/proc/irq/0", "smp_affinity"},
                                            {"/proc/acpi", "wakeup"}, {"/proc/bus/pci", "devices"}, {"/proc/scsi", "scsi"}};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
        write_to(writes[i][0], writes[i][1], "1");
    static const char *const secret[] = {"/proc/kcore", "/proc/sched_debug", "/proc/timer_list", "/proc/timer_stats", "/proc/latency_stats",
                                         "/proc/acpi", "/proc/scsi", "/sys/firmware", "/sys/kernel/debug", "/sys/kernel/tracing",
                                         "/sys/fs/bpf", "/sys/kernel/security", "/sys/fs/pstore", "/sys/devices/virtual/powercap"};
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        struct stat status;
        if (stat(secret[i], &status) < 0) {
            held("%s: %s", secret[i], strerror(errno));
        } else if (S_ISDIR(status.st_mode)) {
            DIR *folder = opendir(secret[i]);
            int entries = -2;
            while (folder && readdir(folder))
                entries++;
            if (entries > 0)
                escaped("%s has %d files", secret[i], entries);
            else
                held("%s is empty", secret[i]);
        } else {
            char byte;
            int fd = open(secret[i], O_RDONLY | O_NONBLOCK);
            holds(fd < 0 || read(fd, &byte, 1) <= 0, secret[i]);
        }
    }
}

static void queues(void) {
    struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};
    holds(mq_open("/escape", O_CREAT | O_RDWR, 0666, &attributes) < 0, "a POSIX message queue");
    fails("a file in /dev/mqueue", open("/dev/mqueue/escape", O_CREAT | O_WRONLY, 0666));
    fails("a file in /dev", open("/dev/escape", O_CREAT | O_WRONLY, 0666));
    fails("a file in /dev/pts", open("/dev/pts/escape", O_CREAT | O_WRONLY, 0666));
}

/* Made or not: no device but those that every program may have may be opened by number. */
static void devices(void) {
    static const struct {
        const char *name;
        mode_t kind;
        int major, minor;
    } nodes[] = {{"mem", S_IFCHR, 1, 1},   {"kmem", S_IFCHR, 1, 2},     {"port", S_IFCHR, 1, 4},       {"kmsg", S_IFCHR, 1, 11},
                 {"sda", S_IFBLK, 8, 0},   {"vda", S_IFBLK, 254, 0},    {"loop0", S_IFBLK, 7, 0},      {"dm-0", S_IFBLK, 253, 0},
                 {"kvm", S_IFCHR, 10, 232}, {"vhost", S_IFCHR, 10, 238}, {"loop-control", S_IFCHR, 10, 237}, {"tty0", S_IFCHR, 4, 0}};
    static const char *const folders[] = {"/tmp", "/workspace", "/dev/shm"};
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        for (size_t j = 0; j < 3; j++) {
            char path[100];
            snprintf(path, sizeof path, "%s/node-%s", folders[j], nodes[i].name);
            int made = mknod(path, nodes[i].kind | 0666, makedev(nodes[i].major, nodes[i].minor));
            fails(path, made < 0 ? -1 : open(path, O_RDONLY | O_NONBLOCK));
        }
}

int main(void) {
    engines();
    cgroups();
    kernel_files();
    queues();
    devices();
    return done();
}
