/* Frames on stdout, for the owner: see README.md, "Collecting". */
#include "copy.h"
#include "pump.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned char outbox[2 * PIECE_BYTES];
static size_t outbox_used;

void flush_outbox(void) {
    for (size_t put = 0; put < outbox_used;) {
        ssize_t wrote = write(1, outbox + put, outbox_used - put);
        if (wrote < 0)
            _exit(1);
        put += (size_t)wrote;
    }
    outbox_used = 0;
}

unsigned char *room_for(size_t length) {
    if (outbox_used + FRAME_HEADER_BYTES + length > sizeof outbox)
        flush_outbox();
    return outbox + outbox_used + FRAME_HEADER_BYTES;
}

void send_value(char kind, size_t length) {
    write_frame_header(outbox + outbox_used, kind, length);
    outbox_used += FRAME_HEADER_BYTES + length;
}

void send_word(char kind, char word, const char *text, size_t length) {
    unsigned char *value = room_for(1 + length);
    value[0] = (unsigned char)word;
    memcpy(value + 1, text, length);
    send_value(kind, 1 + length);
}

bool send_content(int fd, uint64_t size, uint64_t *sent) {
    *sent = 0;
    while (size) {
        size_t wanted = size < PIECE_BYTES ? (size_t)size : PIECE_BYTES, used = 0;
        unsigned char *piece = room_for(wanted);
        ssize_t got = 1;
        while (used < wanted && (got = read(fd, piece + used, wanted - used)) > 0)
            used += (size_t)got;
        if (got < 0)
            return false;
        *sent += used;
        size = got ? size - used : 0;
        if (used)
            send_value('c', used);
    }
    return true;
}

void close_all_but_streams(void) {
    if (syscall(SYS_close_range, 3, ~0u, 0) < 0) /* Linux 5.9; pid 1 has a handful */
        for (int fd = 3; fd < 256; fd++)
            close(fd);
}
