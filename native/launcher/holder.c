/*
 * The user namespace above those of all sandboxes of a launcher that serves. It owns nothing but the
 * namespaces of templates; who has its capabilities, as a template does, may enter a sandbox and nothing
 * else. Its ids are the ones outside that sandboxes can be, each as itself. Manual: user_namespaces(7).
 */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int holder = -1;

static bool write_range(pid_t pid, const char *file, struct id_range range) {
    char path[64], line[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    snprintf(line, sizeof line, "%u %u %u", range.first, range.first, range.count);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && dprintf(fd, "%s", line) > 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static bool write_ranges(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/setgroups", pid);
    write_text(path, "deny");
    return write_range(pid, "uid_map", host_id_range("/proc/self/uid_map", geteuid())) &&
           write_range(pid, "gid_map", host_id_range("/proc/self/gid_map", getegid()));
}

void create_holder(void) {
    pid_t launcher = getpid();
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid < 0)
        return;
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (getppid() == launcher) /* it may be gone already */
            pause();
        _exit(0);
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
    if (write_ranges(pid))
        holder = open(path, O_RDONLY | O_CLOEXEC);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

int holder_fd(void) {
    return holder;
}

void enter_holder(struct host_ids ids) {
    /* Only a user that it knows may make a namespace below it. */
    if (setns(holder, CLONE_NEWUSER) < 0 || syscall(SYS_setresgid, ids.gid, ids.gid, ids.gid) < 0 ||
        syscall(SYS_setresuid, ids.uid, ids.uid, ids.uid) < 0)
        die("enter the user namespace of the templates");
    /* Another user's process is nobody's to open in /proc; who has our memory is as before again. */
    if (prctl(PR_SET_DUMPABLE, 1) < 0)
        die("keep /proc open");
}
