/* In pid 1: a program that was started ahead, or has come from a template, and waits for its file. */
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void start_waiting(struct waiting *waiting, const struct plan *plan, const struct message *message,
                   const int fds[3]) {
    int channel[2];
    if (waiting->channel >= 0)
        die_plain("park: a program waits already");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        die("create a channel");
    pid_t pid = fork();
    if (pid < 0)
        die("start a process");
    if (pid == 0)
        run_command(plan, message, fds, channel[1]);
    close(channel[1]);
    *waiting = (struct waiting){.pid = pid, .channel = channel[0]};
}

static void tell_parked(struct waiting *waiting, int supervisor) {
    struct reply reply = {.kind = REPLY_PARKED};
    waiting->is_there = true;
    if (send(supervisor, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
        _exit(0);
}

void adopt_waiting(struct waiting *waiting, pid_t pid, int channel, int supervisor) {
    if (waiting->channel >= 0 || channel < 0)
        die_plain("park: a program waits already");
    *waiting = (struct waiting){.pid = pid, .channel = channel};
    tell_parked(waiting, supervisor);
}

void hear_waiting(struct waiting *waiting, int supervisor) {
    char word;
    waiting->is_there = true; /* or it has ended, which who reaps it tells */
    if (recv(waiting->channel, &word, 1, MSG_DONTWAIT) == 1)
        tell_parked(waiting, supervisor);
}

pid_t end_waiting(struct waiting *waiting, bool tells_end) {
    const char word = tells_end ? GO_AND_TELL : GO;
    if (waiting->channel < 0)
        die_plain("park: no program waits");
    /* If it is gone, it is reaped as one that ended at once. */
    (void)!send(waiting->channel, &word, 1, MSG_NOSIGNAL);
    close(waiting->channel);
    pid_t pid = waiting->pid;
    *waiting = (struct waiting){.channel = -1};
    return pid;
}

void send_namespaces(int supervisor) {
    static const char *const names[ENTERED] = {
        [ENTER_PID] = "pid", [ENTER_MNT] = "mnt",       [ENTER_NET] = "net",   [ENTER_IPC] = "ipc",
        [ENTER_UTS] = "uts", [ENTER_CGROUP] = "cgroup", [ENTER_USER] = "user",
    };
    int fds[ENTERED];
    for (int i = 0; i < ENTERED; i++) {
        char path[32];
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (fds[i] < 0)
            die("open %s", path);
    }
    struct reply reply = {.kind = REPLY_NAMESPACES};
    send_with_fds(supervisor, &reply, sizeof reply, fds, ENTERED);
    for (int i = 0; i < ENTERED; i++)
        close(fds[i]);
}
