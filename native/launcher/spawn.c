/* The new namespaces and the process in them: clone3(2), namespaces(7), user_namespaces(7). */
#include "asks.h"
#include "warm.h"

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
/* A template's user namespace is the one above those of sandboxes, and its processes are the host's: a
 * process can only enter what lies below its own pid namespace. */
#define TEMPLATE_NAMESPACES (CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS)

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
static pid_t clone_into_namespaces(uint64_t namespaces, int *pidfd, bool *into_cgroup) {
    uint64_t flags = namespaces | CLONE_PIDFD;
    struct clone_args arguments = {
        .flags = flags,
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        .exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
    };
    /* Below the holder we are nobody to whom the cgroup belongs. */
    *into_cgroup = cgroup_clone_fd() >= 0 && !(flags & CLONE_PARENT);
    if (*into_cgroup) { /* Linux 5.7; spares the wait of up to 20 ms for moving a process later */
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup_clone_fd();
    }
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0 && (errno == ENOSYS || (*into_cgroup && errno == EINVAL))) {
        /* Container engines answer ENOSYS to clone3 because they can't filter its arguments. */
        *into_cgroup = false;
        pid = (pid_t)syscall(SYS_clone, flags | (flags & CLONE_PARENT ? 0 : SIGCHLD), NULL, pidfd,
                             NULL, NULL);
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
    struct pollfd polls[2] = {{.fd = sandbox->channel, .events = POLLIN}, {.fd = LANE_FD}};
    while (poll(polls, 2, -1) < 0)
        if (errno != EINTR)
            die("poll");
    if (!polls[0].revents)
        die_plain("set-up: the owner is gone");
}

/* Pid 1's next word while it sets up; passes its failure on as ours. The fds that come with it. */
static size_t receive_word(const struct sandbox *sandbox, struct reply *reply, int fds[3]) {
    size_t count = 3;
    await_word_or_end(sandbox);
    if (!receive_with_fds(sandbox->channel, reply, sizeof *reply, fds, &count, NULL))
        die_plain("set-up: the first process of the sandbox ended without a word");
    if (reply->kind == REPLY_FAILED)
        die_plain("%s", reply->text);
    return count;
}

static void await_ready(struct sandbox *sandbox, bool is_template) {
    struct reply reply;
    int fds[3] = {-1, -1, -1};
    size_t count = receive_word(sandbox, &reply, fds);
    while (reply.kind == REPLY_ASK_FS || reply.kind == REPLY_ASKING) {
        bool is_fs = reply.kind == REPLY_ASK_FS;
        if (is_fs ? count != 1 : count < 2)
            die_plain("set-up: the sandbox did not send its fds");
        if (is_fs) {
            start_ask_fs(fds[0]);
            close(fds[0]);
        } else {
            sandbox->user_ns_fd = fds[0];
            sandbox->net_ns_fd = fds[1];
            sandbox->listener_fd = fds[2];
        }
        fds[0] = fds[1] = fds[2] = -1;
        count = receive_word(sandbox, &reply, fds);
    }
    if (is_template)
        return;
    if (count < 2)
        die_plain("set-up: the sandbox did not send its fds");
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

/* What is made by whom. A child that shares our memory is in the templates' user namespace for us: we
 * stay where we are, with the rights that we need. */
struct birth {
    uint64_t namespaces;
    struct host_ids ids;
    volatile pid_t pid; /* 0 in the process that was made, as of fork(2) */
    volatile bool into_cgroup;
};

static void make_below_holder(struct birth *birth) {
    pid_t helper = vfork();
    if (helper < 0)
        die("vfork");
    if (helper == 0) {
        int pidfd;
        bool into_cgroup;
        enter_holder(birth->ids);
        pid_t pid = clone_into_namespaces(birth->namespaces | CLONE_PARENT, &pidfd, &into_cgroup);
        birth->pid = pid;
        if (pid == 0)
            return;
        birth->into_cgroup = into_cgroup;
        if (pid < 0)
            die_of_clone();
        if (birth->namespaces & CLONE_NEWUSER)
            write_id_maps(pid, birth->ids);
        _exit(0);
    }
    int status;
    while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0)
        _exit(1); /* it has said why */
}

static int make_process(struct birth *birth) {
    int pidfd = -1;
    bool into_cgroup = false;
    if (holder_fd() < 0) {
        birth->pid = clone_into_namespaces(birth->namespaces, &pidfd, &into_cgroup);
        birth->into_cgroup = into_cgroup;
        if (birth->pid < 0)
            die_of_clone();
        if (birth->pid > 0)
            write_id_maps(birth->pid, birth->ids);
        return pidfd;
    }
    make_below_holder(birth);
    if (birth->pid > 0 && (pidfd = (int)syscall(SYS_pidfd_open, birth->pid, 0)) < 0)
        die("open the sandbox's process");
    return pidfd;
}

void spawn_sandbox(const struct plan *plan, struct sandbox *sandbox) {
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        die("create the channel to the sandbox");
    sandbox->exec_message = share_exec_message();

    struct birth birth = {.namespaces = plan->is_template ? TEMPLATE_NAMESPACES : NAMESPACES,
                          .ids = sandbox->ids};
    sandbox->pidfd = make_process(&birth);
    pid_t pid = birth.pid;
    if (pid == 0) {
        close(channel[0]);
        if (plan->is_template)
            run_template(plan, channel[1], sandbox);
        run_inside(plan, channel[1], sandbox->exec_message);
    }
    close(channel[1]);
    sandbox->pid = pid;
    sandbox->channel = channel[0];
    sandbox->mnt_ns_fd = open_mount_namespace(pid);

    /* If one of these dies, the end of the channel makes the child end too. */
    send_go(sandbox);
    /* cgroup v1 may take 15 ms for this; meanwhile the child builds its root. */
    attach_to_cgroups(plan, pid, birth.into_cgroup);
    send_go(sandbox);
    await_ready(sandbox, plan->is_template);
}
