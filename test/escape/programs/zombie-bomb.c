/* Processes that are dead but never waited for. argv[1]: the limit */
#include "attack.h"

int main(int argc, char **argv) {
    int made = 0, limit = atoi(argv[1]);
    for (; made < 4 * limit; made++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        if (pid < 0)
            break;
    }
    holds(made <= limit, "zombies count as processes");
    /* Orphans are given to pid 1, which must reap them. */
    while (waitpid(-1, NULL, 0) > 0)
        ;
    int orphans = 0;
    for (; orphans < 20 * limit; orphans++) {
        pid_t pid = fork();
        if (pid == 0) {
            if (fork() == 0)
                _exit(0);
            _exit(0);
        }
        if (pid < 0)
            usleep(1000);
        else
            waitpid(pid, NULL, 0);
    }
    held("hundreds of orphans were reaped");
    usleep(200000);
    pid_t last = fork();
    if (last == 0)
        _exit(0);
    holds(last > 0, "and there is room again");
    return done();
}
