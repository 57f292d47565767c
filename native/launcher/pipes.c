/*
 * `glovebox-launcher pipes N`: pipes for an owner that can't make any itself. They are open here at 3 and
 * 4, 5 and 6 …, the reader's end first; the owner opens them anew by /proc, and then closes our stdin.
 */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_FD 3
#define MAX_PIPES 256

static void close_from(int first) {
    if (syscall(SYS_close_range, first, ~0u, 0) < 0) /* Linux 5.9 */
        for (int fd = first, end = (int)sysconf(_SC_OPEN_MAX); fd < end; fd++)
            close(fd);
}

int make_pipes(long count) {
    char byte = '\n';
    if (count < 1 || count > MAX_PIPES)
        return 2;
    close_from(FIRST_FD);
    for (int i = 0; i < count; i++) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0 || fds[0] != FIRST_FD + 2 * i || fds[1] != fds[0] + 1)
            return 1;
        /* A program of another user, too, may open its own /dev/stdin. Nobody else gets there. */
        if (fchmod(fds[0], 0666) < 0)
            return 1;
    }
    if (write(1, &byte, 1) != 1)
        return 1;
    ssize_t got;
    do
        got = read(0, &byte, 1);
    while (got > 0 || (got < 0 && errno == EINTR));
    return 0;
}
