/* kill(-1) reaches what the program sees: its own children. */
#include "attack.h"
#include <time.h>

int main(int argc, char **argv) {
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    signal(SIGTERM, SIG_IGN);
    kill(-1, SIGTERM);
    kill(-1, SIGSTOP);
    kill(-1, SIGCONT);
    kill(-1, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    holds(WIFSIGNALED(status), "its own child is gone");
    int victim = atoi(argv[1]);
    holds(kill(victim, SIGKILL) < 0 || victim < 40, "no process of the host by its number");
    time_t end = time(NULL) + 2; /* slow kernels */
    for (int pid = 300; pid < 70000 && time(NULL) < end; pid++)
        if (kill(pid, 0) == 0)
            escaped("process %d", pid);
    fails("kill by group", kill(-victim, SIGKILL));
    fails("its session", getsid(victim));
    return done();
}
