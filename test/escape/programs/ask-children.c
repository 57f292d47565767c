/* Children that wait for an answer and end before it. argv: address, port. */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static struct sockaddr_in to;

static pid_t ask(bool handles) {
    pid_t pid = fork();
    if (pid == 0) {
        if (handles)
            signal(SIGTERM, _exit);
        connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&to, sizeof to);
        _exit(0);
    }
    return pid;
}

int main(int argc, char **argv) {
    static const int ends[] = {SIGKILL, SIGTERM, SIGINT};
    to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2])), .sin_addr.s_addr = inet_addr(argv[1])};
    for (size_t i = 0; i < 3; i++) {
        pid_t pid = ask(false);
        usleep(200000);
        kill(pid, ends[i]);
        int status;
        waitpid(pid, &status, 0);
        holds(WIFSIGNALED(status) && WTERMSIG(status) == ends[i], "a signal ends who waits for an answer");
    }
    return done();
}
