/* Leaves processes of every stubborn kind behind. */
#include "attack.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>

static void live_on(bool stopped) {
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (stopped)
        kill(getpid(), SIGSTOP);
    for (;;)
        pause();
}

int main(void) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (int kind = 0; kind < 6; kind++) {
        pid_t pid = fork();
        if (pid == 0) {
            setsid();
            if (fork())
                _exit(0);
            setsid();
            prctl(PR_SET_NAME, kind % 2 ? ") R 1 1 1 1" : "1");
            if (kind == 2)
                ptrace(PTRACE_TRACEME, 0, 0, 0);
            if (kind == 3 && vfork() == 0)
                pause();
            if (kind == 4) {
                pid_t child = fork();
                if (child == 0)
                    live_on(false);
                ptrace(PTRACE_SEIZE, child, 0, 0);
                ptrace(PTRACE_INTERRUPT, child, 0, 0);
            }
            if (kind == 5)
                close(0), close(1), close(2);
            live_on(kind == 1);
        }
        trying("a daemon of kind %d", kind);
    }
    usleep(50000);
    return done();
}
