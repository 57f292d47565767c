/*
 * The supervisor: moves the program's streams, keeps its limits, reports its end. It runs outside
 * with the caller's own privileges and touches nothing that the program made.
 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void kill_sandbox(struct supervisor *self, const char *limit) {
    if (!self->run.limit)
        self->run.limit = limit;
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

NORETURN static void finish(struct supervisor *self) {
    int status;
    struct rusage usage;
    syscall(SYS_pidfd_send_signal, self->sandbox->pidfd, SIGKILL, NULL, 0);
    reap_sandbox(self, &status, &usage);
    remove_cgroups();
    exit(0);
}

static void make_pipe(int fds[2], int ours, struct host_ids ids) {
    if (pipe2(fds, O_CLOEXEC) < 0 || fcntl(fds[ours], F_SETFL, O_NONBLOCK) < 0)
        die("create a pipe");
    /* Or the program could not open its own /dev/stdout. */
    if (fchown(fds[ours], ids.uid, ids.gid) < 0)
        die("give the sandbox its pipe");
}

static void start_pump(struct pump *pump, int from, int to, uint64_t limit) {
    pump->from = from;
    pump->to = to;
    pump->start = pump->end = 0;
    pump->limit = limit;
    pump->to_come = UINT64_MAX;
    pump->accepted = pump->dropped = 0;
}

static void send_exec(const struct sandbox *sandbox, const int *fds, size_t count) {
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

static void connect_streams(struct supervisor *self, bool with_stdin) {
    int out[2], err[2], in[2] = {-1, -1};
    make_pipe(out, 0, self->sandbox->ids);
    make_pipe(err, 0, self->sandbox->ids);
    if (with_stdin) {
        make_pipe(in, 1, self->sandbox->ids);
        int own_stdin = fcntl(0, F_DUPFD_CLOEXEC, 0);
        if (own_stdin < 0)
            die("take over the owner's stdin");
        start_pump(&self->pumps[STDIN_PUMP], own_stdin, in[1], NEVER);
    }
    start_pump(&self->pumps[STDOUT_PUMP], out[0], 1, self->output_bytes);
    start_pump(&self->pumps[STDERR_PUMP], err[0], 2, self->output_bytes);

    int fds[3] = {out[1], err[1], in[0]};
    send_exec(self->sandbox, fds, with_stdin ? 3 : 2);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* `unlimited` or a number. */
static uint64_t parse_limit(const struct record *record) {
    return strcmp(record->value, "unlimited") ? parse_number(record->key, record->value) : NEVER;
}

static void start_command(struct supervisor *self, const struct message *message) {
    if (self->run.active)
        die_plain("exec: a command is running already");
    self->run = (struct run){.active = true};
    bool with_stdin = false;
    uint32_t offset = 0;
    struct record record;
    (void)next_record(message, &offset, &record); /* `exec` itself */
    while (next_record(message, &offset, &record)) {
        if (!strcmp(record.key, "wall-us"))
            self->run.wall_us = parse_limit(&record);
        else if (!strcmp(record.key, "cpu-us"))
            self->run.cpu_us = parse_limit(&record);
        else if (!strcmp(record.key, "output-bytes"))
            self->output_bytes = parse_limit(&record);
        else if (!strcmp(record.key, "at-output-limit"))
            self->run.kill_at_output_limit = !strcmp(record.value, "kill");
        else if (!strcmp(record.key, "stdin"))
            with_stdin = !strcmp(record.value, "pipe");
        else if (strcmp(record.key, "argv") && strcmp(record.key, "env") &&
                 strcmp(record.key, "cwd"))
            die_plain("exec: unknown key `%.40s`", record.key);
    }
    if (!self->run.wall_us || !self->run.cpu_us || !self->output_bytes)
        die_plain("exec: a limit is missing");

    self->sandbox->exec_message->length = message->length;
    memcpy(self->sandbox->exec_message->bytes, message->bytes, message->length);
    reset_cgroup_peak();
    read_cgroup_counters(&self->run.before);
    self->run.started_us = monotonic_us();
    connect_streams(self, with_stdin);
}

static void act_on_message(struct supervisor *self) {
    struct message message = {.bytes = self->inbox.bytes, .length = self->inbox.length};
    uint32_t offset = 0;
    struct record record;
    if (!next_record(&message, &offset, &record))
        die_plain("control: empty message");
    if (!strcmp(record.key, "exec")) {
        start_command(self, &message);
    } else if (!strcmp(record.key, "cancel")) {
        if (self->run.active)
            kill_sandbox(self, "canceled");
    } else if (!strcmp(record.key, "signal")) {
        uint64_t number = parse_number("signal", record.value);
        if (number < 1 || number >= NSIG)
            die_plain("control: no such signal: %" PRIu64, number);
        struct request request = {.kind = REQUEST_SIGNAL, .signal = (int)number};
        (void)!send(self->sandbox->channel, &request, sizeof request, MSG_NOSIGNAL);
    } else {
        die_plain("control: unknown message `%.40s`", record.key);
    }
}

/* Takes what is there, at most one message; false when the owner closed the fd. */
static bool receive(struct supervisor *self) {
    uint32_t header = sizeof self->inbox.length;
    bool in_header = self->inbox_used < header;
    char *target = in_header ? (char *)&self->inbox.length + self->inbox_used
                             : self->inbox.bytes + (self->inbox_used - header);
    uint32_t wanted =
        in_header ? header - self->inbox_used : self->inbox.length - (self->inbox_used - header);
    ssize_t got = read(CONTROL_FD, target, wanted);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if (got == 0)
        return false;
    self->inbox_used += (uint32_t)got;
    if (self->inbox_used == header && self->inbox.length > EXEC_MESSAGE_MAX)
        die_plain("control: a message of %u bytes is too long", self->inbox.length);
    if (self->inbox_used > header && self->inbox_used - header == self->inbox.length) {
        self->inbox_used = 0;
        act_on_message(self);
    }
    return true;
}

/* The command is over: nothing more is read for it, and its last output is passed on. */
static void end_run(struct supervisor *self) {
    self->run.ended = true;
    self->run.ended_us = monotonic_us();
    pump_close(&self->pumps[STDIN_PUMP]);
    pump_finish(&self->pumps[STDOUT_PUMP]);
    pump_finish(&self->pumps[STDERR_PUMP]);
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

static void report_when_drained(struct supervisor *self) {
    if (!self->run.active || !self->run.ended || !pump_done(&self->pumps[STDOUT_PUMP]) ||
        !pump_done(&self->pumps[STDERR_PUMP]))
        return;
    report_end(self);
    if (self->run.sandbox_dead)
        finish(self);
}

/* ---- the loop ---- */

static void setup_supervisor(struct supervisor *self) {
    for (int i = 0; i < PUMPS; i++) {
        self->pumps[i] = (struct pump){.from = -1, .to = -1, .owns_to = i == STDIN_PUMP};
        self->pumps[i].bytes = malloc(PUMP_BUFFER_BYTES);
    }
    self->inbox.bytes =
        mmap(NULL, EXEC_MESSAGE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (self->inbox.bytes == MAP_FAILED || !self->pumps[0].bytes || !self->pumps[1].bytes ||
        !self->pumps[2].bytes)
        die("allocate buffers");
    for (int fd = 0; fd <= CONTROL_FD; fd++)
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
            die("make fd %d non-blocking", fd);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    self->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC);
    if (self->signal_fd < 0)
        die("signalfd");
}

void supervise(const struct plan *plan, struct sandbox *sandbox) {
    static struct supervisor self;
    self.plan = plan;
    self.sandbox = sandbox;
    setup_supervisor(&self);
    send_status("ready");
    enum { CONTROL, SIGNALS, CHANNEL, DEATH, FIRST_PUMP, POLLS = FIRST_PUMP + PUMPS };
    for (;;) {
        struct pollfd polls[POLLS] = {
            [CONTROL] = {.fd = CONTROL_FD, .events = POLLIN},
            [SIGNALS] = {.fd = self.signal_fd, .events = POLLIN},
            [CHANNEL] = {.fd = sandbox->pid ? sandbox->channel : -1, .events = POLLIN},
            [DEATH] = {.fd = sandbox->pid ? sandbox->pidfd : -1, .events = POLLIN},
        };
        for (int i = 0; i < PUMPS; i++)
            pump_poll(&self.pumps[i], &polls[FIRST_PUMP + i]);
        if (poll(polls, POLLS, time_to_check(&self)) < 0 && errno != EINTR)
            die("poll");

        /* Both mean that the owner wants the end, or is gone. */
        if (polls[SIGNALS].revents || (polls[CONTROL].revents && !receive(&self)))
            finish(&self);
        for (int i = 0; i < PUMPS; i++)
            if (polls[FIRST_PUMP + i].revents)
                pump_move(&self.pumps[i]);
        check_limits(&self);
        if (sandbox->pid && polls[DEATH].revents)
            on_sandbox_death(&self);
        else if (sandbox->pid && polls[CHANNEL].revents)
            on_reply(&self);
        report_when_drained(&self);
    }
}
