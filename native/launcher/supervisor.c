/*
 * The supervisor: moves the program's streams, keeps its limits, reports its end. How it reaches the
 * sandbox is its backend's: outside.c for namespaces of our own, container.c for a container.
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
#include <sys/mman.h>
#include <unistd.h>

void kill_sandbox(struct supervisor *self, const char *limit) {
    if (!self->run.limit)
        self->run.limit = limit;
    self->backend->kill(self);
}

/* `unlimited` or a number. */
static uint64_t parse_limit(const struct record *record) {
    return strcmp(record->value, "unlimited") ? parse_number(record->key, record->value) : NEVER;
}

static void start_command(struct supervisor *self, const struct message *message) {
    bool is_parked = false;
    if (self->run.active)
        die_plain("exec: a command is running already");
    bool is_dead = self->has_ended_early && self->run.sandbox_dead;
    self->run = (struct run){.active = true, .sandbox_dead = is_dead};
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
            self->run.has_stdin = !strcmp(record.value, "pipe");
        else if (!strcmp(record.key, "tty"))
            self->run.tty = parse_tty_size(&record);
        else if (!strcmp(record.key, "parked"))
            is_parked = true;
        else if (strcmp(record.key, "argv") && strcmp(record.key, "env") &&
                 strcmp(record.key, "cwd") && strcmp(record.key, "collect") &&
                 strcmp(record.key, "changes") && strcmp(record.key, "path") &&
                 strcmp(record.key, "file") && strcmp(record.key, "stdin-file") &&
                 strcmp(record.key, "stdout-file"))
            die_plain("exec: unknown key `%.40s`", record.key);
    }
    if (!self->run.wall_us || !self->run.cpu_us || !self->output_bytes)
        die_plain("exec: a limit is missing");

    self->run.peak_is_anew = reset_cgroup_peak();
    self->run.inherited_cache = self->has_reported ? read_cgroup_file_cache() : 0;
    read_cgroup_counters(&self->run.before);
    if (!self->has_reported && self->run.before.oom_kills > 0)
        self->run.before.oom_kills = 0; /* by its own files */
    if (!self->plan->cgroup_count)
        self->run.reaped_before_us = reaped_cpu_us(self->sandbox);
    self->run.started_us = monotonic_us();
    if (self->has_ended_early) {
        self->run.reply = self->early;
        end_run(self);
    } else if (is_parked) {
        start_parked(self, message);
    } else {
        start_with_streams(self, message);
    }
}

/* While somebody is asked, a command's time does not run. */
static void set_clock(struct run *run, const char *value) {
    uint64_t now = monotonic_us();
    bool hold = !strcmp(value, "hold");
    if (!hold && strcmp(value, "go"))
        die_plain("control: no such state of a clock: %.40s", value);
    if (hold && !run->held_since_us) {
        run->held_since_us = now;
    } else if (!hold && run->held_since_us) {
        uint64_t since =
            run->held_since_us > run->started_us ? run->held_since_us : run->started_us;
        run->waited_for_owner_us += now - since;
        run->held_since_us = 0;
    }
}

/* ---- messages ---- */

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
        self->backend->signal(self, (int)number);
    } else if (!strcmp(record.key, "clock")) {
        set_clock(&self->run, record.value);
    } else if (!strcmp(record.key, "resize")) {
        struct tty_size size = parse_tty_size(&record);
        if (self->run.tty.columns && self->pumps[STDOUT_PUMP].from >= 0)
            resize_tty(self->pumps[STDOUT_PUMP].from, size);
    } else if (!take_stream_message(self, &record) &&
               !self->backend->take(self, &message, &record)) {
        die_plain("control: unknown message `%.40s`", record.key);
    }
}

enum piece { PIECE_OF_MORE, PIECE_LAST, PIECE_NONE };

/* Takes what is there, at most up to the end of a message; PIECE_NONE when the owner closed the fd. */
static enum piece receive_piece(struct supervisor *self) {
    uint32_t header = sizeof self->inbox.length;
    bool in_header = self->inbox_used < header;
    char *target = in_header ? (char *)&self->inbox.length + self->inbox_used
                             : self->inbox.bytes + (self->inbox_used - header);
    uint32_t wanted =
        in_header ? header - self->inbox_used : self->inbox.length - (self->inbox_used - header);
    ssize_t got = read(self->control_fd, target, wanted);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? PIECE_OF_MORE : PIECE_NONE;
    if (got == 0)
        return PIECE_NONE;
    self->inbox_used += (uint32_t)got;
    if (self->inbox_used == header && self->inbox.length > EXEC_MESSAGE_MAX)
        die_plain("control: a message of %u bytes is too long", self->inbox.length);
    if (self->inbox_used <= header || self->inbox_used - header < self->inbox.length)
        return PIECE_OF_MORE;
    self->inbox_used = 0;
    return PIECE_LAST;
}

/* False when the owner closed the fd. */
static bool receive(struct supervisor *self) {
    enum piece piece = receive_piece(self);
    if (piece == PIECE_LAST)
        act_on_message(self);
    return piece != PIECE_NONE;
}

bool discard_until_end(struct supervisor *self, int timeout_ms) {
    struct pollfd polls = {.fd = self->control_fd, .events = POLLIN};
    if (!self->inbox.bytes)
        setup_supervisor(self);
    for (;;) {
        uint32_t offset = 0;
        struct record record;
        bool is_lost =
            self->inbox_used >= sizeof self->inbox.length && self->inbox.length > EXEC_MESSAGE_MAX;
        if (is_lost || poll(&polls, 1, timeout_ms) <= 0)
            return false;
        enum piece piece = receive_piece(self);
        if (piece == PIECE_NONE)
            return false;
        struct message message = {.bytes = self->inbox.bytes, .length = self->inbox.length};
        if (piece == PIECE_LAST && next_record(&message, &offset, &record) &&
            !strcmp(record.key, "end"))
            return true;
    }
}

void end_run(struct supervisor *self) {
    self->run.ended = true;
    self->run.ended_us = monotonic_us();
    pump_close(&self->pumps[STDIN_PUMP]);
    pump_finish(&self->pumps[STDOUT_PUMP]);
    pump_finish(&self->pumps[STDERR_PUMP]);
}

static void report_when_drained(struct supervisor *self) {
    if (!self->run.active || !self->run.ended || !pump_done(&self->pumps[STDOUT_PUMP]) ||
        !pump_done(&self->pumps[STDERR_PUMP]))
        return;
    report_end(self);
    if (self->run.sandbox_dead)
        self->backend->finish(self);
}

/* ---- the loop ---- */

void setup_pumps(struct supervisor *self) {
    for (int i = 0; i < PUMPS; i++) {
        self->pumps[i] = (struct pump){.from = -1, .to = -1, .owns_to = i == STDIN_PUMP};
        self->pumps[i].bytes = malloc(PUMP_BUFFER_BYTES + FRAME_ROOM_BYTES);
        if (!self->pumps[i].bytes)
            die("allocate buffers");
    }
}

void setup_supervisor(struct supervisor *self) {
    self->inbox.bytes =
        mmap(NULL, EXEC_MESSAGE_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (self->inbox.bytes == MAP_FAILED)
        die("allocate the inbox");
    for (int i = 0; i < PUMPS; i++)
        if (self->pumps[i].to >= 0 && fcntl(self->pumps[i].to, F_SETFL, O_NONBLOCK) < 0)
            die("make fd %d non-blocking", self->pumps[i].to);
    if (fcntl(self->control_fd, F_SETFL, O_NONBLOCK) < 0)
        die("make fd %d non-blocking", self->control_fd);
}

static int time_to_wait(const struct supervisor *self) {
    int wait_ms = self->run.active ? time_to_check(self) : self->idle_ms;
    int ask_ms = self->asks ? time_to_asks() : -1;
    return ask_ms >= 0 && (wait_ms < 0 || ask_ms < wait_ms) ? ask_ms : wait_ms;
}

void supervise(struct supervisor *self) {
    enum { CONTROL, FIRST_PUMP, FIRST_OF_BACKEND = FIRST_PUMP + PUMPS };
    for (;;) {
        struct pollfd polls[FIRST_OF_BACKEND + BACKEND_POLLS];
        polls[CONTROL] = (struct pollfd){.fd = self->control_fd, .events = POLLIN};
        for (int i = 0; i < PUMPS; i++)
            pump_poll(&self->pumps[i], &polls[FIRST_PUMP + i]);
        for (int i = 0; i < BACKEND_POLLS; i++)
            polls[FIRST_OF_BACKEND + i] = (struct pollfd){.fd = -1};
        self->backend->poll(self, &polls[FIRST_OF_BACKEND]);
        int ready = poll(polls, sizeof polls / sizeof polls[0], time_to_wait(self));
        if (ready < 0 && errno != EINTR)
            die("poll");

        bool owner_is_gone = polls[CONTROL].revents && !receive(self);
        if (owner_is_gone || (ready == 0 && !self->run.active && self->idle_ms >= 0))
            self->backend->finish(self);
        for (int i = 0; i < PUMPS; i++)
            if (polls[FIRST_PUMP + i].revents)
                pump_move(&self->pumps[i]);
        check_limits(self);
        self->backend->on_polled(self, &polls[FIRST_OF_BACKEND]);
        ask_for_input(self);
        report_when_drained(self);
    }
}
