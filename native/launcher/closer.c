/*
 * Lets go of a program's files. close(2) of a socket that lingers (SO_LINGER, socket(7)) waits, for as
 * long as the program said, if the program has closed it meanwhile: a thread waits in our place.
 */
#include "asks.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/* So many may wait; a program that has more of them gets no more files looked at. */
#define MAX_WAITING 32

static int to_thread = -1;
static atomic_uint waiting;

static void *close_them(void *from) {
    int fd;
    while (read((int)(intptr_t)from, &fd, sizeof fd) == sizeof fd) {
        close(fd);
        atomic_fetch_sub(&waiting, 1);
    }
    return NULL;
}

static bool start_thread(void) {
    int ends[2];
    pthread_t thread;
    if (to_thread >= 0)
        return true;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    if (pthread_create(&thread, NULL, close_them, (void *)(intptr_t)ends[0])) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    pthread_detach(thread);
    to_thread = ends[1];
    return true;
}

bool may_take_files(void) {
    return atomic_load(&waiting) < MAX_WAITING;
}

/*
 * TCP waits for what is still to be sent; a socket that is not connected has nothing. Whether it lingers
 * is no answer: the program may change that until the very moment of the close.
 */
static bool may_wait(int fd) {
    unsigned char state;
    socklen_t length = sizeof state;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &length) < 0)
        return false;
    return state != TCP_CLOSE && state != TCP_LISTEN;
}

void close_taken(int fd) {
    if (!may_wait(fd) || !start_thread()) {
        close(fd);
        return;
    }
    atomic_fetch_add(&waiting, 1);
    if (write(to_thread, &fd, sizeof fd) != sizeof fd) {
        atomic_fetch_sub(&waiting, 1);
        close(fd);
    }
}
