/*
 * A process in the sandbox's network, with the capabilities of its user namespace: it makes sockets there
 * and hands them over. Nothing of the program's comes near it; to the program it is not there.
 */
#include "asks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 3.9; not in the headers of older systems. */
#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

#define BACKLOG 4096 /* the kernel takes less where net.core.somaxconn says so */

struct socket_request {
    uint64_t id;
    enum socket_kind kind;
    struct endpoint endpoint;
};

struct socket_answer {
    struct socket_request request;
    int error;
};

/* ---- the agent ---- */

static int connect_soon(int fd, const struct sockaddr_storage *address, socklen_t length) {
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        return -1;
    int result = connect(fd, (const struct sockaddr *)address, length);
    return result < 0 && errno == EINPROGRESS ? 0 : result;
}

/* The fd, or -1 with errno. */
static int make_socket(const struct socket_request *request) {
    struct sockaddr_storage address;
    const int one = 1;
    socklen_t length = write_endpoint(&request->endpoint, &address);
    bool is_v6 = address.ss_family == AF_INET6;
    int type = request->kind == SOCKET_BOUND ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    const struct sockaddr *named = (const struct sockaddr *)&address;
    /* Of IPv6, unlike IPv4, a route alone makes no address to bind to. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        (is_v6 && (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) < 0 ||
                   setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof one) < 0)) ||
        (request->kind == SOCKET_CONNECTED
             ? connect_soon(fd, &address, length)
             : bind(fd, named, length) < 0 ||
                   (request->kind == SOCKET_LISTENS && listen(fd, BACKLOG) < 0))) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

NORETURN static void serve_sockets(int channel) {
    for (;;) {
        struct socket_answer answer;
        ssize_t got = recv(channel, &answer.request, sizeof answer.request, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != sizeof answer.request)
            _exit(0);
        int fd = make_socket(&answer.request);
        answer.error = fd < 0 ? errno : 0;
        bool is_sent = fd < 0 ? send(channel, &answer, sizeof answer, MSG_NOSIGNAL) > 0
                              : send_with_fds(channel, &answer, sizeof answer, &fd, 1);
        if (!is_sent)
            _exit(0);
        close(fd);
    }
}

NORETURN static void run_agent(const struct sandbox *sandbox, int channel, pid_t supervisor) {
    if (setns(sandbox->user_ns_fd, CLONE_NEWUSER) < 0 ||
        setns(sandbox->net_ns_fd, CLONE_NEWNET) < 0)
        die("agent: enter the sandbox's network");
    become_inside_user();
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || getppid() != supervisor)
        _exit(1);
    if (dup3(channel, LANE_FD, O_CLOEXEC) < 0)
        _exit(1);
    (void)syscall(SYS_close_range, LANE_FD + 1, ~0u, 0);
    serve_sockets(LANE_FD);
}

/* ---- the supervisor's side ---- */

int start_agent(const struct sandbox *sandbox) {
    int channel[2];
    pid_t supervisor = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        die("create the channel to the agent");
    pid_t pid = fork();
    if (pid < 0)
        die("start the agent");
    if (pid == 0) {
        close(channel[0]);
        run_agent(sandbox, channel[1], supervisor);
    }
    close(channel[1]);
    return channel[0];
}

void request_socket(int agent, uint64_t id, enum socket_kind kind,
                    const struct endpoint *endpoint) {
    struct socket_request request = {.id = id, .kind = kind, .endpoint = *endpoint};
    if (send(agent, &request, sizeof request, MSG_NOSIGNAL) != sizeof request)
        die("ask the agent for a socket");
}

bool take_agent_answer(int agent) {
    struct socket_answer answer;
    int fd = -1;
    size_t count = 1;
    if (!receive_with_fds(agent, &answer, sizeof answer, &fd, &count, NULL))
        return false;
    const struct socket_request *request = &answer.request;
    bool is_connected = request->kind == SOCKET_CONNECTED;
    if (!answer.error && !is_connected && !approve(&request->endpoint))
        answer.error = ENOBUFS;
    bool is_told = answer.error
                       ? send_event("{\"event\":\"socket\",\"id\":\"%" PRIu64 "\",\"error\":%d}",
                                    request->id, answer.error)
                       : send_socket(request->id, &request->endpoint, !is_connected, fd);
    if (fd >= 0)
        close(fd);
    return is_told;
}
