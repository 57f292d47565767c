/*
 * The supervisor's way to a sandbox in namespaces of its own: it stays outside, with the caller's own
 * privileges, and touches nothing that the program made. container.c is the other way.
 */
#include "asks.h"
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the owner buffers of each stream at most, for a reader that is slow. */
#define WINDOW_BYTES (256u << 10)

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
}

static void clean_up(struct supervisor *self) {
    int status;
    struct rusage usage;
    kill_pid_1(self);
    reap_sandbox(self, &status, &usage);
    remove_cgroups();
}

/* The sandbox has ended by itself. The owner answers our last word with its own, `end`: what it had said
 * before is behind us then, and the lane is free for the next. */
static bool free_lane(struct supervisor *self) {
    enum { ANSWER_MS = 10000 };
    static bool is_leaving;
    if (is_leaving)
        return false;
    is_leaving = true;
    send_status("lost");
    return flush_frames() && discard_until_end(self, ANSWER_MS);
}

NORETURN static void finish(struct supervisor *self) {
    clean_up(self);
    exit(free_lane(self) ? EXIT_LANE_FREE : EXIT_LANE_LOST);
}

/* The owner's last word about this sandbox: what comes behind it is for the next. */
NORETURN static void end(struct supervisor *self) {
    clean_up(self);
    flush_frames();
    exit(EXIT_LANE_FREE);
}

void share_message(struct supervisor *self, const struct message *message) {
    struct message *shared = self->sandbox->exec_message;
    shared->length = message->length;
    memcpy(shared->bytes, message->bytes, message->length);
}

static void start(struct supervisor *self, const struct message *message, const int fds[3]) {
    struct sandbox *sandbox = self->sandbox;
    share_message(self, message);
    struct request request = {.kind = REQUEST_EXEC};
    /* If pid 1 is gone, its pidfd says so. */
    (void)send_with_fds(sandbox->channel, &request, sizeof request, fds, fds[2] < 0 ? 2 : 3);
}

static void send_signal(struct supervisor *self, int number) {
    struct request request = {.kind = REQUEST_SIGNAL, .signal = number};
    (void)!send(self->sandbox->channel, &request, sizeof request, MSG_NOSIGNAL);
}

/* The kind of the reply; -1: there is none. */
static int on_reply(struct supervisor *self);

/* Waits for it: the memory must be free for the next. */
static void put_files(struct supervisor *self, const struct message *message) {
    struct sandbox *sandbox = self->sandbox;
    share_message(self, message);
    struct request request = {.kind = REQUEST_FILES};
    (void)!send(sandbox->channel, &request, sizeof request, MSG_NOSIGNAL);
    struct pollfd polls[2] = {{.fd = sandbox->channel, .events = POLLIN},
                              {.fd = sandbox->pidfd, .events = POLLIN}};
    self->has_files = true;
    int kind;
    do {
        while (poll(polls, 2, -1) < 0)
            if (errno != EINTR)
                die("poll");
        kind = polls[0].revents ? on_reply(self) : -1;
    } while (kind >= 0 && kind != REPLY_FILES);
}

/* What waits is ended by the kernel where the files of the command leave it no memory. The command has
 * still to come, to be told so. */
static bool ends_early(struct supervisor *self, const struct reply *reply) {
    struct counters counters;
    read_cgroup_counters(&counters);
    if (!self->has_files || self->has_reported || counters.oom_kills <= 0)
        return false;
    self->has_ended_early = true;
    self->early = *reply;
    return true;
}

static bool take(struct supervisor *self, const struct message *message,
                 const struct record *record) {
    if (!strcmp(record->key, "end"))
        end(self);
    if (!strcmp(record->key, "sync"))
        send_status("ready");
    else if (!strcmp(record->key, "park"))
        park(self, message);
    else if (self->asks && take_ask_message(self->sandbox, record))
        return true;
    else if (strcmp(record->key, "file") && strcmp(record->key, "file-more"))
        return false;
    else if (self->sandbox->pid)
        put_files(self, message);
    return true;
}

static int on_reply(struct supervisor *self) {
    struct reply reply;
    ssize_t got;
    do /* ECONNRESET: it is gone and left a packet of ours unread; its own word is still here */
        got = recv(self->sandbox->channel, &reply, sizeof reply, MSG_DONTWAIT);
    while (got < 0 && errno == ECONNRESET);
    if (got != sizeof reply)
        return -1; /* pid 1 is gone; its pidfd says so */
    if (reply.kind == REPLY_FAILED)
        die_plain("%s", reply.text);
    if (reply.kind != REPLY_EXITED)
        return reply.kind;
    if (self->run.active) {
        self->run.reply = reply;
        end_run(self);
    } else if (!ends_early(self, &reply)) {
        /* Or the next command would be waited for that has ended before it began. */
        die_plain("park: the program ended while it waited");
    }
    return reply.kind;
}

/* Pid 1 ended: by a limit, by the kernel for lack of memory, or by the program's own trick. */
static void on_sandbox_death(struct supervisor *self) {
    int status;
    struct rusage usage;
    (void)on_reply(self); /* its last word, if it is still unread */
    reap_sandbox(self, &status, &usage);
    self->run.sandbox_dead = true;
    if (!self->run.active && !ends_early(self, &(struct reply){.wait_status = status}))
        finish(self);
    if (!self->run.active)
        return;
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

enum { SIGNALS, CHANNEL, DEATH, FIRST_OF_ASKS };

static void poll_sandbox(const struct supervisor *self, struct pollfd polls[BACKEND_POLLS]) {
    const struct sandbox *sandbox = self->sandbox;
    polls[SIGNALS] = (struct pollfd){.fd = self->signal_fd, .events = POLLIN};
    polls[CHANNEL] = (struct pollfd){.fd = sandbox->pid ? sandbox->channel : -1, .events = POLLIN};
    polls[DEATH] = (struct pollfd){.fd = sandbox->pid ? sandbox->pidfd : -1, .events = POLLIN};
    if (self->asks)
        poll_asks(&polls[FIRST_OF_ASKS]);
}

static void on_polled(struct supervisor *self, const struct pollfd polls[BACKEND_POLLS]) {
    if (polls[SIGNALS].revents)
        finish(self); /* the owner wants the end */
    if (self->asks && !on_asks_polled(&polls[FIRST_OF_ASKS]))
        die_plain("asking: its owner or its agent is gone");
    if (self->sandbox->pid && polls[DEATH].revents)
        on_sandbox_death(self);
    else if (self->sandbox->pid && polls[CHANNEL].revents)
        (void)on_reply(self);
}

static const struct backend namespaces = {
    .start = start,
    .signal = send_signal,
    .kill = kill_pid_1,
    .finish = finish,
    .end = end,
    .take = take,
    .poll = poll_sandbox,
    .on_polled = on_polled,
};

/* Where a failure ends us: its cgroups can't go before it. */
static struct sandbox sandbox;
static struct supervisor supervisor;

static void clean_up_failure(void) {
    if (sandbox.pid && kill(sandbox.pid, SIGKILL) == 0)
        waitpid(sandbox.pid, NULL, 0);
    remove_cgroups();
    if (free_lane(&supervisor))
        exit(EXIT_FAILED_LANE_FREE);
}

/* Both directions are one socket, and whoever had it before may have left it non-blocking. */
static void setup_lane(struct supervisor *self) {
    if (fcntl(LANE_FD, F_SETFL, 0) < 0)
        die("make the lane blocking");
    self->control_fd = LANE_FD;
    setup_pumps(self);
    share_stream(&self->pumps[STDOUT_PUMP], LANE_FD, 'o');
    share_stream(&self->pumps[STDERR_PUMP], LANE_FD, 'e');
    put_status_in_frames(&self->pumps[STDERR_PUMP]);
}

void supervise_lane(bool has_asker) {
    static struct plan plan;
    setup_lane(&supervisor);
    set_failure_cleanup(clean_up_failure);
    struct message message;
    if (!read_create_message(LANE_FD, &message))
        exit(EXIT_LANE_LOST);
    parse_plan(&message, &plan);
    if (plan.token)
        die_plain("plan: a token is for containers");

    if (!has_asker && asks(&plan))
        die_plain("plan: this launcher has nobody to ask");

    sandbox = (struct sandbox){.ids = choose_host_ids(),
                               .mnt_ns_fd = -1,
                               .user_ns_fd = -1,
                               .net_ns_fd = -1,
                               .listener_fd = -1};
    plan.is_template = own_template_fd() >= 0;
    leave_groups(sandbox.ids);
    prepare_workspace_mounts(&plan, sandbox.ids);
    create_cgroups(&plan);
    spawn_sandbox(&plan, &sandbox);
    if (plan.share_net)
        send_status("control abstract-sockets %s",
                    can_scope_abstract_sockets() ? "landlock" : "none");
    supervisor.plan = &plan;
    supervisor.sandbox = &sandbox;
    supervisor.backend = &namespaces;
    if (plan.is_template)
        supervise_template(&plan, &supervisor);
    supervisor.idle_ms = -1;
    supervisor.asks = asks(&plan);
    supervisor.window_bytes = WINDOW_BYTES;
    const int ends[] = {SIGTERM, SIGINT, SIGHUP};
    supervisor.signal_fd = open_signals(ends, 3);
    setup_supervisor(&supervisor);
    if (supervisor.asks)
        start_asking(&plan, &sandbox);
    send_status("ready");
    supervise(&supervisor);
}
