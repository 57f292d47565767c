/* The network namespace. */
#include "launcher.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void unshare_network(const struct plan *plan) {
    if (!plan->share_net && unshare(CLONE_NEWNET) < 0)
        die("network namespace");
}

/* A new network namespace has only `lo`, down; programs that serve on localhost need it up. */
void setup_network(const struct plan *plan) {
    if (plan->share_net)
        return;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
        die("bring up lo");
    close(fd);
}
