/*
 * In pid 1: how the fd on which calls wait gets out, seccomp_unotify(2). Whoever installs the filter is
 * under it, and sending an fd is one of the calls that would wait for somebody who has no fd yet.
 */
#include "asks.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

NORETURN static void carry(int pipe, int channel) {
    /* Pid 1 can't be traced any more: nobody but itself can open its namespaces. */
    int fds[3] = {open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC),
                  open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
    struct reply reply = {.kind = REPLY_ASKING};
    if (fds[0] < 0 || fds[1] < 0)
        die("open the namespaces");
    if (read(pipe, &fds[2], sizeof fds[2]) != sizeof fds[2])
        _exit(1); /* pid 1 has failed, and has said so */
    if (!send_with_fds(channel, &reply, sizeof reply, fds, fds[2] < 0 ? 2 : 3))
        die("send the fd on which calls wait");
    close(fds[0]);
    close(fds[1]);
    send_ready(channel);
    _exit(0);
}

struct carrier start_carrier(int channel) {
    int pipe[2];
    if (pipe2(pipe, O_CLOEXEC) < 0)
        die("create a pipe");
    /* It shares our fds, so that it has the listener once we have it. */
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid < 0)
        die("start a process");
    if (pid == 0)
        carry(pipe[0], channel);
    return (struct carrier){.pid = pid, .pipe = pipe[1]};
}

void carry_listener(const struct carrier *carrier, int listener) {
    int status = -1;
    if (write(carrier->pipe, &listener, sizeof listener) != sizeof listener)
        die("hand over the fd on which calls wait");
    while (waitpid(carrier->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0)
        _exit(1); /* it has said why */
    if (listener >= 0)
        close(listener);
    close(carrier->pipe);
}
