/* All at once, by every way, to one address. argv: address, port, threads; each must get an answer. */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/epoll.h>

static struct sockaddr_in to;

static void *ask(void *result) {
    char byte;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool got = connect(fd, (void *)&to, sizeof to) == 0 && write(fd, "x", 1) == 1 && read(fd, &byte, 1) == 1;
    *(int *)result = got ? 0 : errno ? errno : EIO;
    return NULL;
}

/* A socket that was put into an epoll before it was connected is told of what comes. */
static void watch_first(void) {
    int watcher = epoll_create1(0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct epoll_event wanted = {EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP, {0}}, event;
    epoll_ctl(watcher, EPOLL_CTL_ADD, fd, &wanted);
    while (epoll_wait(watcher, &event, 1, 20) > 0)
        ;
    connect(fd, (void *)&to, sizeof to);
    usleep(50000);
    holds(write(fd, "x", 1) == 1 && epoll_wait(watcher, &event, 1, 3000) == 1, "epoll from before the connect");
}

int main(int argc, char **argv) {
    int count = atoi(argv[3]), errors[64], bad = 0;
    pthread_t threads[64];
    to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2])), .sin_addr.s_addr = inet_addr(argv[1])};
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, ask, &errors[i]);
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        bad += errors[i] != 0;
    }
    holds(bad == 0, "every thread had its connection");
    watch_first();
    return done();
}
