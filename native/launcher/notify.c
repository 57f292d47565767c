/*
 * Calls that wait for an answer: seccomp_unotify(2). A call that is let through is carried out anew by the
 * kernel, with whatever its memory holds by then: what is read here serves to ask, and never to allow.
 */
#include "asks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Of one sandbox; more are denied. */
#define MAX_OPEN_CALLS 256
/* Ports that were told of; what a program listens on besides is no news. */
#define MAX_TOLD_PORTS 64
/* Messages of one sendmmsg(2) that are looked at. */
#define MAX_LOOKED_AT 16

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

static int listener_fd = -1;
static uint64_t open_calls[MAX_OPEN_CALLS];
static size_t open_count;
static struct endpoint told[MAX_TOLD_PORTS];
static size_t told_count;
static const struct plan *plan;
static int proc_fd = -1; /* the host's /proc: by its numbers the kernel names who calls */

/* Requests and answers are as large as the kernel says, which may be more than our headers know. */
static union {
    struct seccomp_notif request;
    char room[1024];
} received;
static union {
    struct seccomp_notif_resp response;
    char room[1024];
} answered;

void setup_notify(const struct plan *of, int listener) {
    listener_fd = listener;
    plan = of;
    proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0)
        die("open /proc");
}

/* ENOENT: the call is over, its process gone or interrupted. */
static void respond(uint64_t id, int error, int64_t value) {
    answered.response = (struct seccomp_notif_resp){.id = id, .error = -error, .val = value};
    (void)ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &answered.response);
}

static void let_through(uint64_t id) {
    answered.response =
        (struct seccomp_notif_resp){.id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    (void)ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &answered.response);
}

static bool is_waiting(uint64_t id) {
    return ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* ---- what was called ---- */

static bool read_memory(pid_t thread, uint64_t address, void *to, size_t length) {
    struct iovec local = {.iov_base = to, .iov_len = length};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = length};
    return process_vm_readv(thread, &local, 1, &remote, 1, 0) == (ssize_t)length;
}

/* A file of the thread's, which may have a table of its own; before Linux 6.9 that of its process. */
static int take_fd(pid_t thread, uint64_t number) {
    if (!may_take_files())
        return -1;
    int pidfd = (int)syscall(SYS_pidfd_open, thread, PIDFD_THREAD);
    if (pidfd < 0)
        pidfd = (int)syscall(SYS_pidfd_open, process_of(proc_fd, thread), 0);
    if (pidfd < 0)
        return -1;
    int fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)number, 0);
    close(pidfd);
    return fd;
}

static int socket_option(int fd, int name) {
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -1 : value;
}

/* Where a call leads. */
struct destination {
    enum { LEADS_NOWHERE, LEADS_TO_ENDPOINT, LEADS_TO_PATH, IS_UNREADABLE } kind;
    struct endpoint endpoint;
    char path[sizeof((struct sockaddr_un *)0)->sun_path + 1];
};

static struct destination read_address(pid_t thread, uint64_t address, uint64_t length) {
    struct destination destination = {.kind = LEADS_NOWHERE};
    union {
        struct sockaddr_storage any;
        struct sockaddr_un path;
    } name = {0};
    if (!address || !length)
        return destination;
    if (length > sizeof name.any)
        length = sizeof name.any;
    if (!read_memory(thread, address, &name, length)) {
        destination.kind = IS_UNREADABLE;
        return destination;
    }
    if (name.any.ss_family == AF_UNIX && length > offsetof(struct sockaddr_un, sun_path)) {
        memcpy(destination.path, name.path.sun_path, sizeof name.path.sun_path);
        destination.kind = LEADS_TO_PATH;
    } else if (read_endpoint(&name.any, (socklen_t)length, &destination.endpoint)) {
        destination.kind = LEADS_TO_ENDPOINT;
    }
    return destination;
}

static struct destination read_message(pid_t thread, uint64_t address) {
    struct msghdr message;
    if (!read_memory(thread, address, &message, sizeof message))
        return (struct destination){.kind = IS_UNREADABLE};
    return read_address(thread, (uint64_t)(uintptr_t)message.msg_name, message.msg_namelen);
}

static bool needs_no_answer(const struct destination *destination) {
    return destination->kind == LEADS_NOWHERE ||
           (destination->kind == LEADS_TO_ENDPOINT && is_loopback(&destination->endpoint));
}

/* The first of its messages that may have to be asked about: what goes elsewhere reaches nobody. */
static struct destination read_messages(pid_t thread, uint64_t address, uint64_t count) {
    struct destination destination = {.kind = LEADS_NOWHERE};
    if (count > MAX_LOOKED_AT)
        count = MAX_LOOKED_AT;
    for (uint64_t i = 0; i < count && needs_no_answer(&destination); i++)
        destination = read_message(thread, address + i * sizeof(struct mmsghdr));
    return destination;
}

static struct destination destination_of(const struct seccomp_notif *call) {
    const uint64_t *args = (const uint64_t *)call->data.args;
    pid_t thread = (pid_t)call->pid;
    switch (call->data.nr) {
    case SYS_connect:
        return read_address(thread, args[1], (uint32_t)args[2]);
    case SYS_sendto:
        return read_address(thread, args[4], (uint32_t)args[5]);
    case SYS_sendmsg:
        return read_message(thread, args[1]);
    case SYS_sendmmsg:
        return read_messages(thread, args[1], (uint32_t)args[2]);
    default:
        return (struct destination){.kind = LEADS_NOWHERE};
    }
}

/* ---- what is done about it ---- */

/* The owner is told of it, and it waits. */
static void keep_open(uint64_t id, bool is_told) {
    if (!is_told || open_count == MAX_OPEN_CALLS)
        respond(id, EACCES, 0);
    else
        open_calls[open_count++] = id;
}

static void ask_about_path(const struct seccomp_notif *call, const struct destination *to) {
    size_t i = 0;
    while (i < plan->asked_socket_count && strcmp(plan->asked_sockets[i], to->path))
        i++;
    if (i == plan->asked_socket_count) {
        let_through(call->id); /* to what the sandbox itself has there */
        return;
    }
    struct process_words process = describe_process(proc_fd, (pid_t)call->pid);
    bool is_told =
        is_waiting(call->id) && open_count < MAX_OPEN_CALLS &&
        send_event("{\"event\":\"socket-path\",\"id\":\"%" PRIu64 "\",\"pid\":%d,\"name\":\"%s\","
                   "\"executable\":\"%s\",\"number\":%zu}",
                   (uint64_t)call->id, process.pid, process.name, process.executable, i);
    keep_open(call->id, is_told);
}

static bool tell_endpoint(const char *event, uint64_t id, pid_t thread,
                          const struct endpoint *endpoint) {
    char address[INET6_ADDRSTRLEN];
    struct process_words process = describe_process(proc_fd, thread);
    show_address(endpoint, address);
    return send_event("{\"event\":\"%s\",\"id\":\"%" PRIu64 "\",\"pid\":%d,\"name\":\"%s\","
                      "\"executable\":\"%s\",\"protocol\":\"%s\",\"address\":\"%s\",\"port\":%u}",
                      event, id, process.pid, process.name, process.executable,
                      endpoint->protocol == PROTOCOL_UDP ? "udp" : "tcp", address, endpoint->port);
}

static void ask_about_endpoint(const struct seccomp_notif *call, struct destination *to) {
    int fd = take_fd((pid_t)call->pid, call->data.args[0]);
    int type = fd < 0 ? -1 : socket_option(fd, SO_TYPE);
    int protocol = fd < 0 ? -1 : socket_option(fd, SO_PROTOCOL);
    if (fd >= 0)
        close_taken(fd);
    to->endpoint.protocol = type == SOCK_DGRAM ? PROTOCOL_UDP : PROTOCOL_TCP;
    bool is_carried = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
    /* It was none that there is: the kernel says why. */
    if (!is_carried || !to->endpoint.port || is_approved(&to->endpoint)) {
        let_through(call->id);
        return;
    }
    bool is_told = is_waiting(call->id) && open_count < MAX_OPEN_CALLS &&
                   tell_endpoint("connect", call->id, (pid_t)call->pid, &to->endpoint);
    keep_open(call->id, is_told);
}

static bool is_news(const struct endpoint *endpoint) {
    for (size_t i = 0; i < told_count; i++)
        if (told[i].port == endpoint->port)
            return false;
    return told_count < MAX_TOLD_PORTS;
}

/* Done for the program, on its own file: what is told of is what listens. */
static void listen_for(const struct seccomp_notif *call) {
    int fd = take_fd((pid_t)call->pid, call->data.args[0]);
    struct sockaddr_storage name = {0};
    socklen_t length = sizeof name;
    struct endpoint endpoint;
    if (fd < 0 || socket_option(fd, SO_PROTOCOL) != IPPROTO_TCP || !is_waiting(call->id)) {
        let_through(call->id);
    } else if (listen(fd, (int)call->data.args[1]) < 0) {
        respond(call->id, errno, 0);
    } else {
        respond(call->id, 0, 0);
        if (getsockname(fd, (struct sockaddr *)&name, &length) == 0 &&
            read_endpoint(&name, length, &endpoint) && is_news(&endpoint) &&
            tell_endpoint("listen", 0, (pid_t)call->pid, &endpoint))
            told[told_count++] = endpoint;
    }
    if (fd >= 0)
        close_taken(fd);
}

void take_call(void) {
    memset(&received, 0, sizeof received); /* the kernel wants it so */
    if (ioctl(listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &received.request) < 0)
        return; /* ENOENT: it is over already */
    const struct seccomp_notif *call = &received.request;
    if (call->data.nr == SYS_listen) {
        listen_for(call);
        return;
    }
    struct destination to = destination_of(call);
    if (to.kind == IS_UNREADABLE)
        respond(call->id, EFAULT, 0);
    else if (needs_no_answer(&to))
        let_through(call->id);
    else if (to.kind == LEADS_TO_PATH)
        ask_about_path(call, &to);
    else if (plan->asks_network)
        ask_about_endpoint(call, &to);
    else
        let_through(call->id);
}

void answer_call(uint64_t id, int error) {
    size_t i = 0;
    while (i < open_count && open_calls[i] != id)
        i++;
    if (i == open_count)
        return; /* it is gone, and the owner has been told */
    open_calls[i] = open_calls[--open_count];
    if (error)
        respond(id, error, 0);
    else
        let_through(id);
}

void look_after_calls(void) {
    for (size_t i = 0; i < open_count; i++) {
        uint64_t id = open_calls[i];
        if (is_waiting(id) || !send_event("{\"event\":\"gone\",\"id\":\"%" PRIu64 "\"}", id))
            continue;
        open_calls[i--] = open_calls[--open_count];
    }
}

bool has_open_calls(void) {
    return open_count > 0;
}
