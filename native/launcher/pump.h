/* How bytes are moved: pump.c for one stream, frames.c for several on one. */
#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- pump.c: the program's streams ---- */

#define PUMP_BUFFER_BYTES (64u << 10)
/* Room in the same buffer for status lines, where they share a stream with the program's bytes. */
#define FRAME_ROOM_BYTES (8u << 10)
/* A frame: its kind, the u32 length of the rest. */
#define FRAME_HEADER_BYTES 5

/* Moves bytes from one fd to another without ever blocking. */
struct pump {
    int from; /* -1 once it ended */
    int to;   /* -1 once nobody reads */
    bool owns_to;
    bool to_tty;       /* the end of the input is told as a terminal does, by Ctrl-D */
    bool ends_line;    /* what was passed on last is the end of a line */
    bool is_fed;       /* `from` is -1, and bytes come into the buffer in messages */
    char frame_kind;   /* what is passed on goes in frames of this kind; 0: as it is */
    size_t start, end; /* of what waits in the buffer */
    uint64_t limit;    /* bytes to pass on; what exceeds it is dropped and counted */
    uint64_t accepted; /* bytes taken under the limit so far */
    uint64_t dropped;  /* bytes over the limit so far */
    uint64_t to_come;  /* bytes to read still; UINT64_MAX until the writers are known to be gone */
    uint64_t window; /* bytes that the owner takes now; UINT64_MAX where the stream itself tells */
    struct pump **turn; /* who is in the middle of a frame on a shared stream; NULL: it is alone */
    unsigned char *bytes; /* PUMP_BUFFER_BYTES + FRAME_ROOM_BYTES */
};
struct pollfd;
bool pump_done(const struct pump *pump);
/* Fills in what to poll for; an fd of -1 where there is nothing. */
void pump_poll(const struct pump *pump, struct pollfd *poll);
void pump_move(struct pump *pump);
/* Takes what is in the pipe now as the end of it, whoever else may hold its other side. */
void pump_finish(struct pump *pump);
void pump_close(struct pump *pump);
void write_frame_header(unsigned char *header, char kind, size_t length);

/* ---- frames.c: several things on one stream ---- */

/* From now on status lines go in frames, in the buffer of this pump, to where it writes. */
void put_status_in_frames(struct pump *pump);
/* What each status line begins with from now on. */
void mark_status(const char *text);
/* What the pump passes on goes in frames to `fd`, between those of others that share it. */
void share_stream(struct pump *pump, int fd, char kind);
/* Writes out what waits, and waits for it, but not long. */
bool flush_frames(void);

#endif
