/*
 * The supervisor's way to a sandbox in namespaces of its own: it stays outside, with the caller's own
 * privileges, and touches nothing that the program made. container.c is the other way.
 */
#include "supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void kill_pid_1(struct supervisor *self) {
    syscall(SYS_pidfd_send_signal, self->sandbox->pidfd, SIGKILL, NULL, 0);
}

/* The kernel kills every process of a pid namespace with its pid 1, and reaps pid 1 last. */
static void reap_sandbox(struct supervisor *self, int *status, struct rusage *usage) {
    *status = 0;
    while (self->sandbox->pid && wait4(self->sandbox->pid, status, 0, usage) < 0)
        if (errno != EINTR)
            die("wait for the sandbox");
    self->sandbox->pid = 0;
    set_doomed(0);
}

static void finish(struct supervisor *self) {
    int status;
    struct rusage usage;
    kill_pid_1(self);
    reap_sandbox(self, &status, &usage);
    remove_cgroups();
    exit(0);
}

static void start(struct supervisor *self, const struct message *message, const int fds[3]) {
    struct sandbox *sandbox = self->sandbox;
    sandbox->exec_message->length = message->length;
    memcpy(sandbox->exec_message->bytes, message->bytes, message->length);

    size_t count = fds[2] < 0 ? 2 : 3;
    struct request request = {.kind = REQUEST_EXEC};
    union {
        char bytes[CMSG_SPACE(3 * sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(first), fds, count * sizeof(int));
    /* If pid 1 is gone, its pidfd says so. */
    (void)!sendmsg(sandbox->channel, &header, MSG_NOSIGNAL);
}

static void send_signal(struct supervisor *self, int number) {
    struct request request = {.kind = REQUEST_SIGNAL, .signal = number};
    (void)!send(self->sandbox->channel, &request, sizeof request, MSG_NOSIGNAL);
}

static bool refuse_message(struct supervisor *self, const struct record *record) {
    (void)self;
    (void)record;
    return false;
}

static void on_reply(struct supervisor *self) {
    struct reply reply;
    ssize_t got;
    do /* ECONNRESET: it is gone and left a packet of ours unread; its own word is still here */
        got = recv(self->sandbox->channel, &reply, sizeof reply, MSG_DONTWAIT);
    while (got < 0 && errno == ECONNRESET);
    if (got != sizeof reply)
        return; /* pid 1 is gone; its pidfd says so */
    if (reply.kind == REPLY_FAILED)
        die_plain("%s", reply.text);
    self->run.reply = reply;
    end_run(self);
}

/* Pid 1 ended: by a limit, by the kernel for lack of memory, or by the program's own trick. */
static void on_sandbox_death(struct supervisor *self) {
    int status;
    struct rusage usage;
    on_reply(self); /* its last word, if it is still unread */
    reap_sandbox(self, &status, &usage);
    self->run.sandbox_dead = true;
    if (!self->run.active)
        finish(self);
    if (!self->run.ended) {
        self->run.reply = (struct reply){
            .wait_status = status,
            .cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                      (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
            .peak_bytes = (uint64_t)usage.ru_maxrss * 1024,
        };
        end_run(self);
    }
}

enum { SIGNALS, CHANNEL, DEATH };

static void poll_sandbox(const struct supervisor *self, struct pollfd polls[BACKEND_POLLS]) {
    const struct sandbox *sandbox = self->sandbox;
    polls[SIGNALS] = (struct pollfd){.fd = self->signal_fd, .events = POLLIN};
    polls[CHANNEL] = (struct pollfd){.fd = sandbox->pid ? sandbox->channel : -1, .events = POLLIN};
    polls[DEATH] = (struct pollfd){.fd = sandbox->pid ? sandbox->pidfd : -1, .events = POLLIN};
}

static void on_polled(struct supervisor *self, const struct pollfd polls[BACKEND_POLLS]) {
    if (polls[SIGNALS].revents)
        finish(self); /* the owner wants the end */
    if (self->sandbox->pid && polls[DEATH].revents)
        on_sandbox_death(self);
    else if (self->sandbox->pid && polls[CHANNEL].revents)
        on_reply(self);
}

static const struct backend namespaces = {
    .start = start,
    .signal = send_signal,
    .kill = kill_pid_1,
    .finish = finish,
    .take = refuse_message,
    .poll = poll_sandbox,
    .on_polled = on_polled,
};

void supervise_namespaces(const struct plan *plan, struct sandbox *sandbox) {
    static struct supervisor self;
    self.plan = plan;
    self.sandbox = sandbox;
    self.backend = &namespaces;
    self.control_fd = CONTROL_FD;
    self.idle_ms = -1;
    const int ends[] = {SIGTERM, SIGINT, SIGHUP};
    self.signal_fd = open_signals(ends, 3);
    setup_pumps(&self);
    setup_supervisor(&self);
    send_status("ready");
    supervise(&self);
}
