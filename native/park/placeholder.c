/*
 * A point behind the opening of the program's file, for a runtime that opens it first, looks whether it
 * begins with `#`, and only then does what takes its time.
 *
 * The runtime gets a file of one byte in its place. The second read is the point: from then on it is the
 * real file, whose first byte the prelude puts where the runtime keeps the other one. That is right for
 * every file but one without a byte, and one whose first line says how it is to be run.
 */
#include "park.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct {
    int fd; /* of the placeholder; -1: none is open */
    bool is_read;
    char *path;
    int flags; /* with which the program opened it */
} placeholder = {.fd = -1};

int open_placeholder(const char *path, int flags) {
    placeholder.path = strdup(path);
    placeholder.flags = flags;
    placeholder.fd = memfd_create("entry", flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
    return placeholder.fd;
}

/* Puts the real file in place of the placeholder, behind the byte that the program has read. */
static void open_real(void) {
    int descriptor_flags = fcntl(placeholder.fd, F_GETFD);
    int status_flags = fcntl(placeholder.fd, F_GETFL);
    int real = open(placeholder.path, placeholder.flags | O_CLOEXEC);
    if (real < 0 || dup3(real, placeholder.fd, descriptor_flags & FD_CLOEXEC ? O_CLOEXEC : 0) < 0)
        _exit(EXIT_OURS);
    close(real);
    fcntl(placeholder.fd, F_SETFL, status_flags & ~O_ACCMODE);
    if (lseek(placeholder.fd, 1, SEEK_SET) != 1)
        _exit(EXIT_OURS);
    placeholder.fd = -1;
    free(placeholder.path);
}

bool read_placeholder(int fd, void *buffer, size_t size, ssize_t *result) {
    if (placeholder.fd < 0 || fd != placeholder.fd)
        return false;
    if (!placeholder.is_read && size > 0) {
        placeholder.is_read = true;
        *(unsigned char *)buffer = PLACEHOLDER;
        *result = 1;
        return true;
    }
    reach_point();
    open_real();
    return false;
}
