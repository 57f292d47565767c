/* Every way to an address that nobody allowed. argv: the address, a port; nothing there may answer. */
#include "attack.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/time.h>

static struct sockaddr_in to;
static struct sockaddr_in6 mapped;

static int fresh(int type) {
    int fd = socket(AF_INET, type, 0);
    struct timeval wait = {.tv_usec = 200000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    return fd;
}

static void try_streams(void) {
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr many = {.msg_hdr = message};
    fails("connect", connect(fresh(SOCK_STREAM), (void *)&to, sizeof to));
    fails("connect, longer address", connect(fresh(SOCK_STREAM), (void *)&to, 64));
    fails("connect, non-blocking", connect(fresh(SOCK_STREAM | SOCK_NONBLOCK), (void *)&to, sizeof to));
    fails("connect, mapped", connect(socket(AF_INET6, SOCK_STREAM, 0), (void *)&mapped, sizeof mapped));
    fails("sendto fast open", sendto(fresh(SOCK_STREAM), "x", 1, MSG_FASTOPEN, (void *)&to, sizeof to));
    fails("sendmsg fast open", sendmsg(fresh(SOCK_STREAM), &message, MSG_FASTOPEN));
    fails("sendmmsg fast open", sendmmsg(fresh(SOCK_STREAM), &many, 1, MSG_FASTOPEN));
    int lazy = fresh(SOCK_STREAM), one = 1;
    setsockopt(lazy, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof one);
    long result = connect(lazy, (void *)&to, sizeof to);
    fails("lazy fast open", result < 0 ? result : write(lazy, "x", 1));
    int again = fresh(SOCK_STREAM);
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    (void)connect(again, (void *)&to, sizeof to);
    (void)connect(again, &none, sizeof none);
    fails("after a disconnect", connect(again, (void *)&to, sizeof to));
}

static void *shared_fd;

static void try_others_table(void) {
    int pair[2], fd = fresh(SOCK_STREAM);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    if (fork() == 0) { /* the fd is another's in the table of a child */
        close(fd);
        int copy = fcntl(fresh(SOCK_STREAM), F_DUPFD, fd);
        _exit(connect(copy, (void *)&to, sizeof to) == 0);
    }
    int status;
    wait(&status);
    holds(status == 0, "a child's fd of the same number");
    (void)shared_fd;
}

/* On UDP nobody says that nobody hears: what counts is that no answer comes. */
static void answer(const char *what, int fd) {
    char byte;
    fails(what, recv(fd, &byte, 1, 0));
}

static void try_datagrams(void) {
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr many[3] = {{.msg_hdr = message}, {.msg_hdr = message}, {.msg_hdr = message}};
    int fd = fresh(SOCK_DGRAM);
    (void)sendto(fd, "x", 1, 0, (void *)&to, sizeof to);
    answer("UDP sendto", fd);
    (void)sendmsg(fd, &message, 0);
    answer("UDP sendmsg", fd);
    (void)sendmmsg(fd, many, 3, 0);
    answer("UDP sendmmsg", fd);
    (void)connect(fd, (void *)&to, sizeof to);
    (void)send(fd, "x", 1, 0);
    answer("UDP connect and send", fd);
    (void)write(fd, "x", 1);
    answer("UDP write", fd);
}

static void try_other_calls(void) {
    unsigned char ring[256] = {0};
    fails("io_uring", syscall(425, 4, ring));
    errno = 0;
#ifdef __x86_64__
    fails("x32 connect", syscall(0x40000000 + 42, fresh(SOCK_STREAM), &to, sizeof to));
    unsigned *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    args[0] = AF_INET, args[1] = SOCK_STREAM, args[2] = 0;
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(102), "b"(1), "c"(args) : "memory", "r8", "r9", "r10", "r11");
    errno = result < 0 ? (int)-result : 0;
    fails("ia32 socketcall", result < 0 ? -1 : 0);
#endif
    for (int family = 4; family < 46; family++)
        if (family != AF_INET6 && family != AF_NETLINK && socket(family, SOCK_DGRAM, 0) >= 0)
            escaped("a socket of family %d", family);
    held("other families");
    fails("raw socket", socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
    fails("a network namespace of its own", unshare(CLONE_NEWNET));
    int net = open("/proc/1/ns/net", O_RDONLY);
    fails("pid 1's network namespace", net < 0 ? -1 : setns(net, CLONE_NEWNET));
}

/* A filter of the program's own can't take the answers over. */
static void try_own_listener(void) {
    struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
    struct sock_fprog program = {1, allow};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    fails("a listener of its own", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
    struct sock_filter pass[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog passing = {4, pass};
    (void)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &passing);
    fails("connect under a filter of its own", connect(fresh(SOCK_STREAM), (void *)&to, sizeof to));
}

int main(int argc, char **argv) {
    to.sin_family = AF_INET;
    to.sin_port = htons(atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &to.sin_addr);
    mapped.sin6_family = AF_INET6;
    mapped.sin6_port = to.sin_port;
    char text[64];
    snprintf(text, sizeof text, "::ffff:%s", argv[1]);
    inet_pton(AF_INET6, text, &mapped.sin6_addr);
    try_streams();
    try_others_table();
    try_datagrams();
    try_other_calls();
    try_own_listener();
    return done();
}
