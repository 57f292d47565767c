/* Keeps pid 1 busy: signals, orphans, stopped and traced children, all that makes it wait or wake up.
 * argv[1]: `quiet` for SIGCHLD only. */
#include "attack.h"
#include <sys/ptrace.h>
#include <time.h>

static void orphans(time_t end) {
    while (time(NULL) < end) {
        if (fork() == 0) {
            if (fork() == 0)
                _exit(0);
            _exit(0);
        }
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
    _exit(0);
}

int main(int argc, char **argv) {
    const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGCONT, SIGUSR1, SIGALRM, SIGIO, SIGRTMIN + 3};
    time_t end = time(NULL) + 2;
    trying("to keep pid 1 busy");
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            orphans(end);
    if (fork() == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
    }
    if (fork() == 0) {
        if (fork() == 0) /* its parent will be pid 1, which then traces it */
            for (;;) {
                usleep(1000);
                ptrace(PTRACE_TRACEME, 0, 0, 0);
                raise(SIGTRAP);
            }
        _exit(0);
    }
    long sent = 0;
    while (time(NULL) < end)
        for (size_t i = 0; i < (argc < 2 ? sizeof numbers / sizeof numbers[0] : 1); i++)
            sent += kill(1, numbers[i]) == 0;
    holds(kill(1, 0) == 0, "pid 1 lives on");
    trying("sent %ld signals", sent);
    return done();
}
