/* Takes all of what the kernel counts for the whole host or for the owner's user, then waits for stdin. */
#include "attack.h"
#include <linux/aio_abi.h>
#include <sys/inotify.h>

int main(void) {
    long contexts = 0;
    for (aio_context_t context = 0; contexts < 200000; contexts += 256, context = 0)
        if (syscall(SYS_io_setup, 256, &context) < 0)
            break;
    dprintf(1, "trying: took %ld asynchronous I/O requests\n", contexts);
    int instances = 0;
    while (instances < 1000 && inotify_init() >= 0)
        instances++;
    dprintf(1, "trying: took %d inotify instances\n", instances);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    int queued = 0;
    union sigval value = {0};
    while (queued < 200000 && sigqueue(getpid(), SIGRTMIN + 5, value) == 0)
        queued++;
    dprintf(1, "trying: queued %d signals\n", queued);
    int terminals = 0;
    while (terminals < 5000 && open("/dev/ptmx", O_RDWR | O_NOCTTY) >= 0)
        terminals++;
    dprintf(1, "trying: opened %d terminals\n", terminals);
    dprintf(1, "ready\n");
    char byte;
    (void)!read(0, &byte, 1);
    return done();
}
