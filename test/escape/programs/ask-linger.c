/*
 * Connections with much unsent data that are to linger for an hour, closed while somebody looks at them:
 * whoever closes last waits. Others ask at the same time. argv: address and port that are denied.
 */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/time.h>
#include <time.h>

#define CONNECTIONS 6000
#define MAX_WAIT_S 5

static struct sockaddr_in denied, own;
static volatile int fd_now = -1;
static volatile bool is_over;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Each has the supervisor look at whatever has the number just now, which takes it for the while. */
static void *be_looked_at(void *asks) {
    while (!is_over) {
        if (fd_now >= 0 && asks)
            connect(fd_now, (void *)&denied, sizeof denied);
        else if (fd_now >= 0)
            listen(fd_now, 1);
    }
    return NULL;
}

static void change_linger(int fd, int seconds) {
    struct linger wanted = {.l_onoff = seconds > 0, .l_linger = seconds};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &wanted, sizeof wanted);
}

/* Nobody ever reads what it sends. */
static int unsent(void) {
    static char bytes[65536];
    int small = 4096, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    while (connect(fd, (void *)&own, sizeof own) < 0 && (errno == EINTR || errno == EALREADY))
        ;
    for (int i = 0; i < 64 && send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0; i++)
        ;
    return fd;
}

static void wake(int signal) {
    (void)signal;
}

/* Who closes first does not wait for long: a signal ends that. */
static void wake_main_often(void) {
    struct sigaction action = {.sa_handler = wake};
    struct itimerval often = {{0, 500}, {0, 500}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void start_threads(int count) {
    pthread_t thread;
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarms, NULL);
    while (count--)
        pthread_create(&thread, NULL, be_looked_at, count ? NULL : "asks");
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
}

/* So many wait to be accepted, which nobody does. */
#define BACKLOG 2000

static int listen_anew(int before) {
    socklen_t length = sizeof own;
    int small = 4096, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (before >= 0)
        close(before);
    own = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    bind(fd, (void *)&own, sizeof own);
    while (listen(fd, BACKLOG + 1) < 0 && errno == EINTR)
        ;
    if (getsockname(fd, (void *)&own, &length) || !own.sin_port)
        exit(1);
    return fd;
}

int main(int argc, char **argv) {
    double slowest = 0;
    int listener = -1;
    (void)argc;
    signal(SIGPIPE, SIG_IGN);
    denied = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2])), .sin_addr.s_addr = inet_addr(argv[1])};
    start_threads(4);
    wake_main_often();
    for (int i = 0; i < CONNECTIONS && slowest < MAX_WAIT_S; i++) {
        if (i % BACKLOG == 0)
            listener = listen_anew(listener);
        double before = now();
        int fd = unsent();
        if (i % 2)
            change_linger(fd, 3600);
        fd_now = fd;
        for (volatile int turns = (i % 100) * 200; turns > 0; turns--)
            ;
        /* The others change it when it was looked at already. */
        if (i % 2 == 0)
            change_linger(fd, 3600);
        close(fd);
        fd_now = -1;
        if (now() - before > slowest)
            slowest = now() - before;
    }
    is_over = true;
    holds(slowest < MAX_WAIT_S, "who asks is answered while others linger");
    return done();
}
