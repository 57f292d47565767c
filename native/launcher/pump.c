/*
 * The program's streams. It gets pipes, not the owner's sockets: a socket can't be opened anew as
 * /dev/stdout. Bytes are moved here, so that limits hold even while the owner is busy.
 */
#include "pump.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool pump_done(const struct pump *pump) {
    return pump->from < 0 && !pump->is_fed && pump->start == pump->end;
}

/* Another is in the middle of a frame on the stream that they share. */
static bool must_wait(const struct pump *pump) {
    return pump->turn && *pump->turn && *pump->turn != pump;
}

void pump_poll(const struct pump *pump, struct pollfd *poll) {
    *poll = (struct pollfd){.fd = -1};
    if (pump->start < pump->end) {
        if (!must_wait(pump))
            *poll = (struct pollfd){.fd = pump->to, .events = POLLOUT};
    } else if (pump->from >= 0 && pump->window) {
        *poll = (struct pollfd){.fd = pump->from, .events = POLLIN};
    }
}

static void close_from(struct pump *pump) {
    if (pump->from >= 0)
        close(pump->from);
    pump->from = -1;
}

void pump_close(struct pump *pump) {
    close_from(pump);
    if (pump->owns_to && pump->to >= 0)
        close(pump->to);
    if (pump->owns_to)
        pump->to = -1;
    pump->is_fed = false;
    pump->start = pump->end = 0;
    if (pump->turn && *pump->turn == pump)
        *pump->turn = NULL;
}

void write_frame_header(unsigned char *header, char kind, size_t length) {
    uint32_t size = (uint32_t)length;
    header[0] = (unsigned char)kind;
    memcpy(header + 1, &size, sizeof size);
}

static void fill(struct pump *pump) {
    uint64_t most = pump->window < PUMP_BUFFER_BYTES ? pump->window : PUMP_BUFFER_BYTES;
    size_t wanted = (size_t)(pump->to_come < most ? pump->to_come : most);
    size_t header = pump->frame_kind ? FRAME_HEADER_BYTES : 0;
    /* 0 wanted: 0 got, as at the end */
    ssize_t got = read(pump->from, pump->bytes + header, wanted);
    if (got < 0 && errno == EINTR)
        return;
    /* While it is being finished EAGAIN is an end: somebody else has read what was to come. */
    if (got < 0 && errno == EAGAIN && pump->to_come == UINT64_MAX)
        return;
    if (got <= 0) {
        close_from(pump);
        return;
    }
    if (pump->to_come != UINT64_MAX)
        pump->to_come -= (uint64_t)got;
    uint64_t room = pump->limit - pump->accepted;
    size_t kept = (uint64_t)got < room ? (size_t)got : (size_t)room;
    pump->accepted += kept;
    if (pump->window != UINT64_MAX)
        pump->window -= kept;
    pump->dropped += (uint64_t)got - kept;
    pump->start = 0;
    pump->end = kept ? header + kept : 0;
    if (header)
        write_frame_header(pump->bytes, pump->frame_kind, kept);
}

static void drain(struct pump *pump) {
    while (pump->start < pump->end && !must_wait(pump)) {
        if (pump->turn)
            *pump->turn = pump;
        ssize_t put = write(pump->to, pump->bytes + pump->start, pump->end - pump->start);
        if (put == 0 || (put < 0 && (errno == EAGAIN || errno == EINTR)))
            return;
        if (put < 0) {
            /* Nobody reads any more: the writer shall notice, as it would without us. */
            pump_close(pump);
            return;
        }
        pump->ends_line = pump->bytes[pump->start + (size_t)put - 1] == '\n';
        pump->start += (size_t)put;
        if (pump->turn && pump->start == pump->end)
            *pump->turn = NULL;
    }
}

void pump_move(struct pump *pump) {
    do {
        if (pump->start == pump->end && pump->from >= 0 && pump->window)
            fill(pump);
        drain(pump);
        /* An empty pipe that somebody else holds open never becomes readable again. */
    } while (pump->to_come != UINT64_MAX && pump->start == pump->end && pump->from >= 0 &&
             pump->window);
    /* The end of the input is passed on, once all before it was. */
    if (pump_done(pump) && pump->to_tty && pump->to >= 0) {
        /* Ctrl-D ends a line that has begun, and only on an empty one the input. */
        pump->to_tty = false;
        memcpy(pump->bytes, "\4\4", 2);
        pump->start = pump->ends_line ? 1 : 0;
        pump->end = 2;
        drain(pump);
    }
    if (pump_done(pump) && pump->owns_to)
        pump_close(pump);
}

void pump_finish(struct pump *pump) {
    int in_pipe = 0;
    /* What is still on its way through a terminal is not counted; after it comes EIO. */
    if (isatty(pump->from))
        in_pipe = INT_MAX;
    else if (pump->from >= 0 && ioctl(pump->from, FIONREAD, &in_pipe) < 0)
        in_pipe = 0;
    pump->to_come = (uint64_t)in_pipe;
    pump_move(pump);
}
