/* A folder of the user that a sandbox sees a copy of, and what became of the copy. */
#ifndef COPY_H
#define COPY_H

#include "launcher.h"

/* ---- overlay.c: the copy ---- */

/* An overlay at `path`: below it the folder of the host, untouched, above it a folder of the scratch
 * tmpfs, which is bound read-only to where the entry says. `host_path` is the folder from where pid 1
 * is, `scratch` a new folder's name on the scratch tmpfs. */
void mount_copy(const struct entry *entry, const char *path, const char *host_path,
                const char *scratch);

/* ---- changes.c: what became of it ---- */

/* In place of a program: writes what the folder of changes has to stdout. */
NORETURN void collect_changes(const struct message *message);

/* ---- outbox.c: frames on stdout, as collect.c and changes.c write them ---- */

#define PIECE_BYTES (32u << 10)

/* Room for the value of a frame, which then goes by send_value(). */
unsigned char *room_for(size_t length);
void send_value(char kind, size_t length);
/* A frame with a word and some text. */
void send_word(char kind, char word, const char *text, size_t length);
/* What a file has, in frames `c`: as many bytes as it had when it was opened, or fewer where it shrinks.
 * Says how many. False where it can't be read. */
bool send_content(int fd, uint64_t size, uint64_t *sent);
/* Ends this process where nobody reads any more. */
void flush_outbox(void);
/* A process that execs nothing has all open that pid 1 holds: not near what a program made. */
void close_all_but_streams(void);

#endif
