/*
 * Frames on a stream that several things share: a kind (one byte), a u32 length, as many bytes. Outside
 * of containers all that the supervisor says goes over one socket; in a container the program's stderr
 * shares a stream with the status lines.
 *
 * Status lines wait in the buffer of a pump, behind what it has read, so that none gets into the middle
 * of another frame.
 */
#include "supervisor.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* How long the owner may take to read our last words. */
#define FLUSH_MS 1000

static struct pump *shared;
static struct pump *turn; /* of those that write to one stream: who is in the middle of a frame */
static const char *token = "";

/* Blocks, but for no longer than FLUSH_MS. False if nobody reads. */
static bool write_out(struct pump *pump) {
    while (pump->start < pump->end) {
        struct pollfd poll_fd = {.fd = pump->to, .events = POLLOUT};
        ssize_t put = write(pump->to, pump->bytes + pump->start, pump->end - pump->start);
        if (put > 0)
            pump->start += (size_t)put;
        else if ((errno != EAGAIN && errno != EINTR) || poll(&poll_fd, 1, FLUSH_MS) == 0)
            return false;
    }
    return true;
}

bool flush_frames(void) {
    if (turn && turn != shared && !write_out(turn))
        return false;
    turn = NULL;
    return !shared || write_out(shared);
}

static void take_status(const char *line, size_t length) {
    memmove(shared->bytes, shared->bytes + shared->start, shared->end - shared->start);
    shared->end -= shared->start;
    shared->start = 0;
    size_t marked = strlen(token) + length;
    if (shared->end + FRAME_HEADER_BYTES + marked > PUMP_BUFFER_BYTES + FRAME_ROOM_BYTES)
        flush_frames();
    if (shared->start) {
        take_status(line, length);
        return;
    }
    if (shared->end + FRAME_HEADER_BYTES + marked > PUMP_BUFFER_BYTES + FRAME_ROOM_BYTES)
        return; /* nobody reads */
    unsigned char *frame = shared->bytes + shared->end;
    write_frame_header(frame, 's', marked);
    memcpy(frame + FRAME_HEADER_BYTES, token, strlen(token));
    memcpy(frame + FRAME_HEADER_BYTES + strlen(token), line, length);
    shared->end += FRAME_HEADER_BYTES + marked;
}

void put_status_in_frames(struct pump *pump) {
    shared = pump;
    set_status_channel(take_status, flush_frames);
}

void mark_status(const char *text) {
    token = text;
}

void share_stream(struct pump *pump, int fd, char kind) {
    pump->to = fd;
    pump->frame_kind = kind;
    pump->turn = &turn;
}
