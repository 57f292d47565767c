/* Every process forks for as long as it can. argv[1]: seconds */
#include "attack.h"
#include <time.h>

int main(int argc, char **argv) {
    trying("fork in every process");
    time_t end = time(NULL) + atoi(argv[1]);
    int refusals = 0;
    pid_t first = getpid();
    while (time(NULL) <= end) {
        pid_t pid = fork();
        if (pid < 0 && refusals++ == 0 && getpid() == first)
            trying("fork was refused: %s", strerror(errno));
        if (pid > 0)
            waitpid(-1, NULL, WNOHANG);
        if (pid < 0)
            usleep(1000);
    }
    if (getpid() == first)
        holds(refusals > 0, "fork was refused at last");
    return getpid() == first ? done() : 0;
}
