/* The network namespace. */
#include "asks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void unshare_network(const struct plan *plan) {
    if (!plan->share_net && unshare(CLONE_NEWNET) < 0)
        die("network namespace");
}

/* A new network namespace has only `lo`, down; programs that serve on localhost need it up. */
static void bring_up_loopback(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
        die("bring up lo");
    close(fd);
}

/* A request of rtnetlink(7): its fixed part, then attributes. */
struct request_buffer {
    struct nlmsghdr header;
    char rest[128];
};

static void add_attribute(struct request_buffer *request, unsigned short type, const void *value,
                          size_t length) {
    struct rtattr *attribute =
        (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    memcpy(RTA_DATA(attribute), value, length);
    request->header.nlmsg_len =
        NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_ALIGN(attribute->rta_len);
}

static struct request_buffer begin_request(uint16_t type, const void *fixed, size_t length) {
    struct request_buffer request = {
        .header = {.nlmsg_type = type,
                   .nlmsg_len = (uint32_t)NLMSG_LENGTH(length),
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK}};
    memcpy(NLMSG_DATA(&request.header), fixed, length);
    return request;
}

/* 0, or the errno of the kernel's answer. */
static int send_request(int fd, const struct request_buffer *request) {
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[512];
    } answer;
    if (send(fd, request, request->header.nlmsg_len, 0) < 0 ||
        recv(fd, &answer, sizeof answer, 0) < (ssize_t)(sizeof answer.header + sizeof(int)))
        return errno;
    return -answer.error.error;
}

/* Every address of a family is one of `lo`: what a program connects to is here, where nothing listens
 * but what was made for it. `src`: else a connection's two addresses would be the same, ip-route(8). */
static int own_all_addresses(int fd, uint8_t family, const char *source) {
    unsigned char own[sizeof(struct in6_addr)];
    size_t length = family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
    uint32_t lo = if_nametoindex("lo");
    if (!lo || inet_pton(family, source, own) != 1)
        return ENODEV;
    struct ifaddrmsg address = {.ifa_family = family,
                                .ifa_prefixlen = (uint8_t)(length * 8),
                                .ifa_index = lo,
                                .ifa_flags = IFA_F_NODAD};
    struct request_buffer request = begin_request(RTM_NEWADDR, &address, sizeof address);
    add_attribute(&request, IFA_LOCAL, own, length);
    add_attribute(&request, IFA_ADDRESS, own, length);
    int error = send_request(fd, &request);
    if (error)
        return error;
    struct rtmsg route = {.rtm_family = family,
                          .rtm_table = RT_TABLE_LOCAL,
                          .rtm_protocol = RTPROT_BOOT,
                          .rtm_scope = RT_SCOPE_HOST,
                          .rtm_type = RTN_LOCAL};
    request = begin_request(RTM_NEWROUTE, &route, sizeof route);
    add_attribute(&request, RTA_OIF, &lo, sizeof lo);
    add_attribute(&request, RTA_PREFSRC, own, length);
    return send_request(fd, &request);
}

static void setup_any_address(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        die("netlink");
    errno = own_all_addresses(fd, AF_INET, OWN_ADDRESS);
    if (errno)
        die("make every address local");
    /* A kernel without IPv6 reaches nothing by it either. */
    (void)own_all_addresses(fd, AF_INET6, OWN_ADDRESS6);
    close(fd);
}

void setup_network(const struct plan *plan) {
    if (plan->share_net)
        return;
    bring_up_loopback();
    if (plan->asks_network)
        setup_any_address();
}
