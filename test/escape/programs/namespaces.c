/* New namespaces would give the program capabilities again. */
#include "attack.h"
#include <linux/sched.h>

static const struct {
    const char *name;
    unsigned long flag;
} kinds[] = {
    {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},       {"net", CLONE_NEWNET},
    {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP}, {"time", 0x80},
};

static long clone3_with(unsigned long flags) {
    struct clone_args arguments = {.flags = flags, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0)
        _exit(0);
    return pid;
}

static long clone_with(unsigned long flags) {
    long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid;
}

int main(void) {
    char what[80], path[64];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        unsigned long flag = kinds[i].flag;
        snprintf(what, sizeof what, "unshare %s", kinds[i].name);
        refused(what, syscall(SYS_unshare, flag));
        if (flag != 0x80) { /* clone(2) has no such flag: these bits are its exit signal */
            snprintf(what, sizeof what, "clone %s", kinds[i].name);
            refused(what, clone_with(flag));
            snprintf(what, sizeof what, "clone %s with a user namespace", kinds[i].name);
            refused(what, clone_with(flag | CLONE_NEWUSER));
            snprintf(what, sizeof what, "clone %s under garbage in the high bits", kinds[i].name);
            refused(what, clone_with(flag | 0xdead00000000ul));
        }
        snprintf(what, sizeof what, "clone3 %s", kinds[i].name);
        refused(what, clone3_with(flag));
        for (int target = 0; target < 2; target++) {
            snprintf(path, sizeof path, "/proc/%s/ns/%s", target ? "1" : "self", kinds[i].name);
            int fd = open(path, O_RDONLY);
            snprintf(what, sizeof what, "setns to %s", path);
            if (fd < 0 && target)
                held("open %s: %s", path, strerror(errno));
            else
                refused(what, syscall(SYS_setns, fd, flag));
        }
    }
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    refused("setns to a pidfd", syscall(SYS_setns, pidfd, CLONE_NEWUSER | CLONE_NEWNS));
    fails("write own uid map", open("/proc/self/uid_map", O_WRONLY) < 0
                                   ? -1
                                   : write(open("/proc/self/uid_map", O_WRONLY), "0 0 1", 5));
    return done();
}
