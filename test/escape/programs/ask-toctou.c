/* Changes the address, and the socket, while a call with them waits. argv: an address that is allowed, one
 * that is not, their port, how often. What listens at the second address is the program's own: reaching it
 * would show that a call goes where nobody allowed, had the network been the host's. */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>

static struct sockaddr_in address;
static uint32_t good, bad;
static volatile bool is_over;
static int spare_tcp, spare_udp;

static void *flip_address(void *unused) {
    volatile uint32_t *place = &address.sin_addr.s_addr;
    while (!is_over) {
        *place = bad;
        for (volatile int i = 0; i < 200; i++)
            ;
        *place = good;
        for (volatile int i = 0; i < 200; i++)
            ;
    }
    return unused;
}

static void *flip_socket(void *place) {
    int fd = (int)(long)place;
    while (!is_over) {
        dup2(spare_udp, fd);
        for (volatile int i = 0; i < 200; i++)
            ;
        dup2(spare_tcp, fd);
        for (volatile int i = 0; i < 200; i++)
            ;
    }
    return NULL;
}

static int connect_once(int fd) {
    struct linger reset = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (connect(fd, (void *)&address, sizeof address) < 0)
        return errno == ECONNREFUSED ? 1 : 2;
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    if (getpeername(fd, (void *)&peer, &length) < 0)
        return 2;
    return peer.sin_addr.s_addr == bad ? 3 : 0;
}

int main(int argc, char **argv) {
    int count = atoi(argv[4]), ends[4] = {0};
    good = inet_addr(argv[1]);
    bad = inet_addr(argv[2]);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[3])), .sin_addr.s_addr = good};
    int warm = socket(AF_INET, SOCK_STREAM, 0);
    holds(connect(warm, (void *)&address, sizeof address) == 0, "the allowed address is reached");
    pthread_t thread;
    pthread_create(&thread, NULL, flip_address, NULL);
    for (int i = 0; i < count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        ends[connect_once(fd)]++;
        close(fd);
    }
    is_over = true;
    pthread_join(thread, NULL);
    printf("allowed %d, refused %d, other %d\n", ends[0], ends[1], ends[2]);
    fflush(stdout);
    holds(ends[3] == 0, "no call with a changed address reached it");
    holds(ends[0] + ends[1] > 0, "some were raced");

    is_over = false;
    address.sin_addr.s_addr = bad;
    spare_tcp = socket(AF_INET, SOCK_STREAM, 0);
    spare_udp = socket(AF_INET, SOCK_DGRAM, 0);
    int place = fcntl(spare_tcp, F_DUPFD, 40), reached = 0;
    pthread_create(&thread, NULL, flip_socket, (void *)(long)place);
    struct timespec now, end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    for (now = end; now.tv_sec - end.tv_sec < 2; clock_gettime(CLOCK_MONOTONIC, &now)) {
        /* A datagram socket connects to anything: only a stream that is connected has reached it. */
        int type = 0, copy;
        socklen_t length = sizeof type;
        (void)connect(place, (void *)&address, sizeof address);
        if ((copy = dup(spare_tcp)) < 0)
            continue;
        struct sockaddr_in peer;
        length = sizeof peer;
        reached += getpeername(copy, (void *)&peer, &length) == 0;
        close(copy);
    }
    is_over = true;
    pthread_join(thread, NULL);
    holds(reached == 0, "no changed socket reached it");
    return done();
}
