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
    int fd; /* of the stand-in; -1: none is open */
    bool is_read;
    char *path;
    int flags; /* with which the program opened it */
} stand_in = {.fd = -1};

int open_stand_in(const char *path, int flags) {
    stand_in.path = strdup(path);
    stand_in.flags = flags;
    stand_in.fd = memfd_create("entry", flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
    return stand_in.fd;
}

/* Puts the real file in place of the stand-in, behind the byte that the program has read. */
static void open_real(void) {
    int descriptor_flags = fcntl(stand_in.fd, F_GETFD);
    int status_flags = fcntl(stand_in.fd, F_GETFL);
    int real = open(stand_in.path, stand_in.flags | O_CLOEXEC);
    if (real < 0 || dup3(real, stand_in.fd, descriptor_flags & FD_CLOEXEC ? O_CLOEXEC : 0) < 0)
        _exit(EXIT_OURS);
    close(real);
    fcntl(stand_in.fd, F_SETFL, status_flags & ~O_ACCMODE);
    if (lseek(stand_in.fd, 1, SEEK_SET) != 1)
        _exit(EXIT_OURS);
    stand_in.fd = -1;
    free(stand_in.path);
}

bool read_stand_in(int fd, void *buffer, size_t size, ssize_t *result) {
    if (stand_in.fd < 0 || fd != stand_in.fd)
        return false;
    if (!stand_in.is_read && size > 0) {
        stand_in.is_read = true;
        *(unsigned char *)buffer = STAND_IN;
        *result = 1;
        return true;
    }
    reach_point();
    open_real();
    return false;
}
