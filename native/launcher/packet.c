/* Packets with fds: unix(7), SCM_RIGHTS. */
#include "launcher.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define MAX_FDS 16

bool send_with_fds(int channel, const void *packet, size_t length, const int *fds, size_t count) {
    union {
        char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {.iov_base = (void *)(uintptr_t)packet, .iov_len = length};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *first = CMSG_FIRSTHDR(&header);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(first), fds, count * sizeof(int));
    return sendmsg(channel, &header, MSG_NOSIGNAL) == (ssize_t)length;
}

/* The pid in the credentials of a packet, as this process sees it. */
static void take_control(struct msghdr *header, int *fds, size_t *count, pid_t *sender) {
    for (struct cmsghdr *each = CMSG_FIRSTHDR(header); each; each = CMSG_NXTHDR(header, each)) {
        if (each->cmsg_level != SOL_SOCKET)
            continue;
        if (each->cmsg_type == SCM_RIGHTS) {
            *count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(fds, CMSG_DATA(each), *count * sizeof(int));
        } else if (each->cmsg_type == SCM_CREDENTIALS && sender) {
            struct ucred credentials;
            memcpy(&credentials, CMSG_DATA(each), sizeof credentials);
            *sender = credentials.pid;
        }
    }
}

bool receive_with_fds(int channel, void *packet, size_t length, int *fds, size_t *count,
                      pid_t *sender) {
    union {
        char bytes[CMSG_SPACE(MAX_FDS * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control;
    struct iovec part = {.iov_base = packet, .iov_len = length};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t got;
    do /* ECONNRESET: the other ended and left a packet of ours unread; its own word is still here */
        got = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    int received[MAX_FDS];
    size_t received_count = 0;
    if (got != (ssize_t)length)
        return false;
    take_control(&header, received, &received_count, sender);
    if (received_count > *count)
        return false;
    memcpy(fds, received, received_count * sizeof(int));
    *count = received_count;
    return true;
}
