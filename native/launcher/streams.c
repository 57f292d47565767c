/* The one command's streams: made, connected, and the messages about them. */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void make_pipe(int fds[2], int ours, struct host_ids ids) {
    if (pipe2(fds, O_CLOEXEC) < 0 || fcntl(fds[ours], F_SETFL, O_NONBLOCK) < 0)
        die("create a pipe");
    /* Or the program could not open its own /dev/stdout. */
    if (ids.uid != geteuid() && fchown(fds[ours], ids.uid, ids.gid) < 0)
        die("give the sandbox its pipe");
}

static void start_pump(struct pump *pump, int from, int to, uint64_t limit) {
    pump->from = from;
    pump->to = to;
    pump->limit = limit;
    pump->to_come = pump->window = UINT64_MAX;
    pump->accepted = pump->dropped = 0;
    pump->to_tty = pump->is_fed = false;
    pump->ends_line = true;
}

static int duplicate(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        die("duplicate fd %d", fd);
    return copy;
}

static void start_output(struct supervisor *self, int stream, int from) {
    struct pump *pump = &self->pumps[stream];
    start_pump(pump, from, pump->to, self->output_bytes);
    pump->window = self->window_bytes;
}

struct streams make_streams(const struct supervisor *self, bool has_stdin, int fds[3]) {
    int out[2], err[2], in[2] = {-1, -1};
    make_pipe(out, 0, self->sandbox->ids);
    make_pipe(err, 0, self->sandbox->ids);
    if (has_stdin)
        make_pipe(in, 1, self->sandbox->ids);
    fds[0] = out[1];
    fds[1] = err[1];
    fds[2] = in[0];
    return (struct streams){.out = out[0], .err = err[0], .in = in[1]};
}

void connect_streams(struct supervisor *self, const struct streams *streams) {
    if (streams->in >= 0) {
        start_pump(&self->pumps[STDIN_PUMP], -1, streams->in, NEVER);
        self->pumps[STDIN_PUMP].is_fed = true;
    }
    start_output(self, STDOUT_PUMP, streams->out);
    start_output(self, STDERR_PUMP, streams->err);
}

/* A terminal is all three in one; what the program writes is its stdout. */
static void connect_tty(struct supervisor *self, int fds[3]) {
    struct pump *input = &self->pumps[STDIN_PUMP];
    int master;
    open_tty(self->sandbox, self->run.tty, &master, &fds[0]);
    fds[1] = duplicate(fds[0]);
    fds[2] = duplicate(fds[0]);
    start_pump(input, -1, duplicate(master), NEVER);
    input->is_fed = self->run.has_stdin;
    input->to_tty = true;
    start_output(self, STDOUT_PUMP, master);
    start_output(self, STDERR_PUMP, -1);
    pump_move(input); /* without any input it is at its end */
}

/* A pipe of the owner's whose other end is another sandbox's. The owner holds both ends open meanwhile;
 * but it lets go of the reader's once that has ended. */
static void replace_by_file(int *fd, const char *path, int mode) {
    int pipe_fd = open(path, mode | O_NONBLOCK | O_CLOEXEC);
    if (pipe_fd < 0 || fcntl(pipe_fd, F_SETFL, 0) < 0)
        die("open the pipe %s", path);
    if (*fd >= 0)
        close(*fd);
    *fd = pipe_fd;
}

/* What the program then reads or writes does not come by here: it costs no copy. */
static void open_files(const struct message *message, int fds[3]) {
    uint32_t offset = 0;
    struct record record;
    while (next_record(message, &offset, &record)) {
        if (!strcmp(record.key, "stdin-file"))
            replace_by_file(&fds[2], record.value, O_RDONLY);
        else if (!strcmp(record.key, "stdout-file"))
            replace_by_file(&fds[0], record.value, O_WRONLY);
    }
}

void start_with_streams(struct supervisor *self, const struct message *message) {
    int fds[3];
    if (self->run.tty.columns) {
        connect_tty(self, fds);
    } else {
        struct streams streams = make_streams(self, self->run.has_stdin, fds);
        connect_streams(self, &streams);
        open_files(message, fds);
    }
    self->backend->start(self, message, fds);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* ---- messages ---- */

static void take_input(struct supervisor *self, const struct record *record) {
    struct pump *pump = &self->pumps[STDIN_PUMP];
    if (pump->start != pump->end || record->length > PUMP_BUFFER_BYTES)
        die_plain("input: more than was asked for");
    self->input_is_pending = true;
    if (!pump->is_fed || pump->to < 0)
        return; /* nobody reads it any more */
    memcpy(pump->bytes, record->value, record->length);
    pump->start = 0;
    pump->end = record->length;
    pump_move(pump);
}

static void take_input_end(struct supervisor *self) {
    struct pump *pump = &self->pumps[STDIN_PUMP];
    pump->is_fed = false;
    pump_move(pump);
}

/* The owner has done with so many bytes of a stream. */
static void widen(struct supervisor *self, const struct record *record) {
    bool is_err = !strcmp(record->value, "stderr");
    struct pump *pump = &self->pumps[is_err ? STDERR_PUMP : STDOUT_PUMP];
    uint64_t bytes = parse_number(record->key, next_field(record, record->value));
    if (pump->window == NEVER || bytes > self->window_bytes - pump->window)
        return; /* of a command that has ended */
    pump->window += bytes;
    pump_move(pump);
}

bool take_stream_message(struct supervisor *self, const struct record *record) {
    if (!strcmp(record->key, "input"))
        take_input(self, record);
    else if (!strcmp(record->key, "input-end"))
        take_input_end(self);
    else if (!strcmp(record->key, "taken"))
        widen(self, record);
    else
        return false;
    return true;
}

void ask_for_input(struct supervisor *self) {
    const struct pump *input = &self->pumps[STDIN_PUMP];
    if (!self->input_is_pending || input->start != input->end)
        return;
    self->input_is_pending = false;
    send_status("input-taken");
}
