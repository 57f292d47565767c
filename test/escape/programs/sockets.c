/* Socket families and protocols that no network namespace bounds, or that are holes by tradition. */
#include "attack.h"
#include <linux/netlink.h>
#include <netinet/in.h>

int main(void) {
    for (int family = 0; family < 64; family++) {
        if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK)
            continue;
        static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
        for (int i = 0; i < 4; i++) {
            char what[64];
            snprintf(what, sizeof what, "family %d, type %d", family, types[i]);
            refused(what, socket(family, types[i], 0));
        }
    }
    refused("family in the low half only", syscall(SYS_socket, 0x100000000l | 40, SOCK_STREAM, 0));
    for (int protocol = 1; protocol < 32; protocol++)
        refused("netlink, not routing", socket(AF_NETLINK, SOCK_RAW, protocol));
    refused("raw IPv4", socket(AF_INET, SOCK_RAW, IPPROTO_RAW));
    refused("raw ICMP", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    refused("raw IPv6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
    refused("packet, the old way", socket(AF_INET, SOCK_PACKET, 0));
    int pair[2];
    refused("socketpair of TIPC", socketpair(30, SOCK_SEQPACKET, 0, pair));
    refused("socketpair of vsock", socketpair(40, SOCK_STREAM, 0, pair));

    /* Routing netlink is there for getifaddrs(3); it must not change anything. */
    int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[512];
    } message = {.header = {.nlmsg_len = NLMSG_LENGTH(16), .nlmsg_type = 16 /* RTM_NEWLINK */,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE}};
    long sent = send(netlink, &message, message.header.nlmsg_len, 0);
    long got = sent < 0 ? -1 : recv(netlink, &message, sizeof message, 0);
    trying("make an interface: %s", got < 0 ? strerror(errno) : strerror(-message.error.error));
    holds(got < 0 || (message.header.nlmsg_type == NLMSG_ERROR && message.error.error == -EPERM),
          "making a network interface is refused");
    return done();
}
