/* The new namespaces and the process in them: clone3(2), namespaces(7), user_namespaces(7). */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both headers that define it are at odds with each other in some libcs. */
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* Two are missing, which pid 1 unshares itself. The cgroup namespace, once it is in its cgroups, so
 * that they are the root of what it sees. The network namespace, the dearest of all, while the id maps
 * are written. */
#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)

NORETURN static void die_of_clone(void) {
    switch (errno) {
    case EPERM:
        die_plain("namespaces: this host does not let this user create user namespaces");
    case ENOSPC:
    case EUSERS:
        die_plain("namespaces: no further namespace can be created (user.max_user_namespaces)");
    default:
        die("namespaces");
    }
}

/* Like fork(2). `into_cgroup` is set if the child starts in the v2 cgroup already. */
static pid_t clone_into_namespaces(int *pidfd, bool *into_cgroup) {
    uint64_t flags = NAMESPACES | CLONE_PIDFD;
    struct clone_args arguments = {
        .flags = flags,
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
    };
    *into_cgroup = cgroup_clone_fd() >= 0;
    if (*into_cgroup) { /* Linux 5.7; spares the wait of up to 20 ms for moving a process later */
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup_clone_fd();
    }
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0 && (errno == ENOSYS || (*into_cgroup && errno == EINVAL))) {
        /* Container engines answer ENOSYS to clone3 because they can't filter its arguments. */
        *into_cgroup = false;
        pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, pidfd, NULL, NULL);
    }
    return pid;
}

/* Memory that pid 1 sees too, for the exec messages: they don't fit into one packet. */
static struct message *share_exec_message(void) {
    struct message *message = mmap(NULL, sizeof *message + EXEC_MESSAGE_MAX, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (message == MAP_FAILED)
        die("allocate the exec message");
    message->bytes = (char *)(message + 1);
    return message;
}

static int open_mount_namespace(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    return open(path, O_RDONLY | O_CLOEXEC); /* only makes the end quicker: -1 is fine */
}

/* Pid 1 may hang, in a bind of a dead network folder for one; the owner's end must reach us there. */
static void await_word_or_end(const struct sandbox *sandbox) {
    struct pollfd polls[2] = {{.fd = sandbox->channel, .events = POLLIN}, {.fd = CONTROL_FD}};
    while (poll(polls, 2, -1) < 0)
        if (errno != EINTR)
            die("poll");
    if (!polls[0].revents)
        die_plain("set-up: the owner is gone");
}

/* Waits for pid 1's first word; passes its failure on as ours. */
static void await_ready(struct sandbox *sandbox) {
    await_word_or_end(sandbox);
    struct reply reply;
    union {
        char bytes[CMSG_SPACE(3 * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {.iov_base = &reply, .iov_len = sizeof reply};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t got;
    do /* ECONNRESET: it failed and left a packet of ours unread; its own word is still here */
        got = recvmsg(sandbox->channel, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    if (got != sizeof reply)
        die_plain("set-up: the first process of the sandbox ended without a word");
    if (reply.kind == REPLY_FAILED) {
        die_plain("%s", reply.text);
    }
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    int fds[3] = {-1, -1, -1};
    size_t length = first ? first->cmsg_len - CMSG_LEN(0) : 0;
    if (!first || first->cmsg_type != SCM_RIGHTS || length < 2 * sizeof(int) || length > sizeof fds)
        die_plain("set-up: the sandbox did not send its fds");
    memcpy(fds, CMSG_DATA(first), length);
    sandbox->proc_fd = fds[0];
    sandbox->scratch_fds[0] = fds[1];
    sandbox->scratch_count = 1;
    sandbox->ptmx_fd = fds[2];
}

static void send_go(const struct sandbox *sandbox) {
    struct request go = {.kind = REQUEST_GO};
    if (send(sandbox->channel, &go, sizeof go, MSG_NOSIGNAL) < 0 && errno != EPIPE)
        die("start the sandbox"); /* EPIPE: it failed, and await_ready() has the reason */
}

void spawn_sandbox(const struct plan *plan, struct sandbox *sandbox) {
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        die("create the channel to the sandbox");
    sandbox->exec_message = share_exec_message();

    bool into_cgroup;
    pid_t pid = clone_into_namespaces(&sandbox->pidfd, &into_cgroup);
    if (pid < 0)
        die_of_clone();
    if (pid == 0) {
        close(channel[0]);
        run_inside(plan, channel[1], sandbox->exec_message);
    }
    set_doomed(pid);
    close(channel[1]);
    sandbox->pid = pid;
    sandbox->channel = channel[0];
    sandbox->mnt_ns_fd = open_mount_namespace(pid);

    /* If one of these dies, the end of the channel makes the child end too. */
    write_id_maps(pid, sandbox->ids);
    send_go(sandbox);
    /* cgroup v1 may take 15 ms for this; meanwhile the child builds its root. */
    attach_to_cgroups(plan, pid, into_cgroup);
    send_go(sandbox);
    await_ready(sandbox);
}
