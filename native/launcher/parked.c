/*
 * In the supervisor: a command that is started before anybody has asked for its program, by pid 1 or as
 * a fork of a template, and waits inside until its file is there. Its streams are made then, its time and
 * its counters begin when it goes on.
 */
#include "warm.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct park_order {
    bool has_stdin;
    size_t template; /* SIZE_MAX: none, pid 1 starts it */
    struct enter_request request;
};

static struct park_order parse_order(const struct supervisor *self, const struct message *message) {
    struct park_order order = {.template = SIZE_MAX,
                               .request = {.open_files = self->plan->open_files,
                                           .is_sampled = !self->plan->cgroup_count,
                                           .cwd = "/"}};
    if (order.request.is_sampled)
        order.request.processes = self->plan->processes + 1;
    uint32_t offset = 0;
    struct record record;
    while (next_record(message, &offset, &record)) {
        if (!strcmp(record.key, "stdin"))
            order.has_stdin = !strcmp(record.value, "pipe");
        else if (!strcmp(record.key, "spare"))
            order.request.is_spare = true;
        else if (!strcmp(record.key, "template"))
            order.template = parse_number(record.key, record.value);
        else if (!strcmp(record.key, "cpu-us") && strcmp(record.value, "unlimited"))
            order.request.cpu_us = parse_number(record.key, record.value);
        else if (!strcmp(record.key, "cwd") && record.length < sizeof order.request.cwd)
            strcpy(order.request.cwd, record.value);
    }
    return order;
}

/* One of the two must come; -1 for the end of the sandbox. Whatever the owner says before it was told that
 * the program waits is that nobody wants it any more. */
static int await_either(const struct supervisor *self, int first, int second) {
    struct pollfd polls[4] = {{.fd = first, .events = POLLIN},
                              {.fd = second, .events = POLLIN},
                              {.fd = self->sandbox->pidfd, .events = POLLIN},
                              {.fd = LANE_FD, .events = POLLIN}};
    while (poll(polls, 4, -1) < 0)
        if (errno != EINTR)
            die("poll");
    if (polls[3].revents)
        die_plain("park: it is not wanted any more");
    return polls[0].revents ? first : polls[1].revents ? second : -1;
}

void die_with_output(int fd, const char *what) {
    char text[160];
    ssize_t got = read(fd, text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    die_plain("%s%s%s", what, got > 0 ? ": " : "", text);
}

static void await_parked(struct supervisor *self) {
    struct reply reply;
    size_t none = 0;
    if (await_either(self, self->sandbox->channel, -1) < 0 ||
        !receive_with_fds(self->sandbox->channel, &reply, sizeof reply, NULL, &none, NULL))
        die_plain("park: the sandbox has ended");
    if (reply.kind == REPLY_FAILED)
        die_plain("%s", reply.text);
    if (reply.kind != REPLY_PARKED)
        die_with_output(self->parked.err, "park: the program ended before it came to its file");
}

static void start_inside(struct supervisor *self, const struct message *message, const int fds[3]) {
    struct request request = {.kind = REQUEST_PARK};
    share_message(self, message);
    (void)send_with_fds(self->sandbox->channel, &request, sizeof request, fds, fds[2] < 0 ? 2 : 3);
    await_parked(self);
}

static void ask_for_namespaces(struct supervisor *self, int fds[ENTERED]) {
    struct request request = {.kind = REQUEST_NAMESPACES};
    struct reply reply;
    size_t count = ENTERED;
    if (send(self->sandbox->channel, &request, sizeof request, MSG_NOSIGNAL) < 0 ||
        await_either(self, self->sandbox->channel, -1) < 0 ||
        !receive_with_fds(self->sandbox->channel, &reply, sizeof reply, fds, &count, NULL) ||
        reply.kind != REPLY_NAMESPACES || count != ENTERED)
        die_plain("park: the sandbox did not give its namespaces");
}

/* Waits for the fork's own word; its pid out here. The template may say something before, or end: the
 * fork has the channel, too, so its end alone would not be seen. */
static pid_t await_fork(struct supervisor *self, int channel, int32_t *pid_inside) {
    for (;;) {
        struct enter_word word;
        size_t none = 0;
        pid_t sender = 0;
        if (await_either(self, channel, -1) < 0 ||
            !receive_with_fds(channel, &word, sizeof word, NULL, &none, &sender))
            die_plain("park: the template has ended");
        if (word.kind == WORD_FAILED)
            die_plain("park: %.200s", word.text);
        if (word.kind == WORD_PARKED && sender) {
            *pid_inside = word.pid;
            return sender;
        }
    }
}

static void adopt(struct supervisor *self, int32_t pid_inside, int channel) {
    struct request request = {.kind = REQUEST_ADOPT, .pid = pid_inside};
    (void)send_with_fds(self->sandbox->channel, &request, sizeof request, &channel, 1);
}

static void fork_template(struct supervisor *self, const struct park_order *order,
                          const int fds[3]) {
    int template_channel = template_fd(order->template);
    int channel[2], sent[ENTER_FDS], yes = 1;
    if (template_channel < 0)
        die_plain("park: there is no template %zu", order->template);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0 ||
        setsockopt(channel[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0)
        die("create a channel");
    ask_for_namespaces(self, sent);
    sent[ENTER_STDOUT] = fds[0];
    sent[ENTER_STDERR] = fds[1];
    sent[ENTER_CHANNEL] = channel[1];
    sent[ENTER_STDIN] = fds[2];
    if (!send_with_fds(template_channel, &order->request, sizeof order->request, sent,
                       fds[2] < 0 ? ENTER_FDS - 1 : ENTER_FDS))
        die("ask the template");
    close(channel[1]);
    for (int i = 0; i < ENTERED; i++)
        close(sent[i]);
    int32_t pid_inside;
    pid_t pid = await_fork(self, channel[0], &pid_inside);
    attach_to_cgroups(self->plan, pid, false);
    const char attached = ATTACHED;
    (void)!send(channel[0], &attached, 1, MSG_NOSIGNAL);
    adopt(self, pid_inside, channel[0]);
    close(channel[0]);
    await_parked(self);
}

/* Of the whole sandbox, now; 0: not known. */
static uint64_t memory_in_use(const struct supervisor *self) {
    struct sample sample;
    if (self->plan->cgroup_count)
        return read_cgroup_memory();
    return take_sample(self->sandbox, UINT64_MAX, &sample) ? sample.memory_bytes : 0;
}

void park(struct supervisor *self, const struct message *message) {
    if (self->run.active || self->is_parked)
        die_plain("park: the sandbox has a command");
    struct park_order order = parse_order(self, message);
    int fds[3];
    self->parked = make_streams(self, order.has_stdin, fds);
    if (order.template == SIZE_MAX)
        start_inside(self, message, fds);
    else
        fork_template(self, &order, fds);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    self->is_parked = true;
    uint64_t bytes = memory_in_use(self);
    self->forked_bytes = order.template == SIZE_MAX ? 0 : bytes;
    send_status("parked %" PRIu64, bytes);
}

void start_parked(struct supervisor *self, const struct message *message) {
    if (!self->is_parked)
        die_plain("exec: no command waits");
    connect_streams(self, &self->parked);
    self->is_parked = false;
    self->run.forked_bytes = self->forked_bytes;
    if (!self->plan->cgroup_count)
        self->run.waited_us = running_cpu_us(self->sandbox);
    share_message(self, message);
    struct request request = {.kind = REQUEST_START_PARKED};
    /* If pid 1 is gone, its pidfd says so. */
    (void)!send(self->sandbox->channel, &request, sizeof request, MSG_NOSIGNAL);
}
