/*
 * Both ends of TCP connections, and how long they take. The same program runs on the host and in a
 * sandbox.
 *
 *   traffic serve ADDRESS PORT COUNT     listens on so many ports, from PORT; says `ready`
 *   traffic connect ADDRESS PORT COUNT   so many connections to PORT, one after the other
 *   traffic first ADDRESS PORT COUNT     one connection to each port, from PORT
 *   traffic send ADDRESS PORT BYTES      until the server has had them all
 *   traffic receive ADDRESS PORT BYTES   until the last has come
 *
 * A client writes a line for each connection: ns that connect(2) took, and ns from then to the end of
 * what was exchanged: one byte and its echo, or BYTES. A client that waits TIMEOUT_S for one step fails.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_S 20
#define BACKLOG 128
#define BLOCK_BYTES (128 * 1024)

/* The first thing that a client sends. */
struct request {
    uint64_t bytes_up;
    uint64_t bytes_down;
};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    fputs("traffic: ", stderr);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, ": %s\n", strerror(error));
    va_end(arguments);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct sockaddr_in at(const char *address, uint16_t port) {
    struct sockaddr_in it = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &it.sin_addr) != 1) {
        errno = EINVAL;
        fail("%s is no IPv4 address", address);
    }
    return it;
}

/* Returns less than `length` only where the other side has ended. */
static uint64_t take(int fd, void *block, size_t size, uint64_t length) {
    uint64_t had = 0;
    while (had < length) {
        uint64_t left = length - had;
        ssize_t got = read(fd, block, left < size ? (size_t)left : size);
        if (got <= 0)
            break;
        had += (uint64_t)got;
    }
    return had;
}

static uint64_t give(int fd, const void *block, size_t size, uint64_t length) {
    uint64_t gone = 0;
    while (gone < length) {
        uint64_t left = length - gone;
        ssize_t put = write(fd, block, left < size ? (size_t)left : size);
        if (put <= 0)
            break;
        gone += (uint64_t)put;
    }
    return gone;
}

static void *serve_one(void *argument) {
    int fd = (int)(intptr_t)argument;
    struct request request;
    char *block = calloc(1, BLOCK_BYTES);
    if (block && take(fd, &request, sizeof request, sizeof request) == sizeof request &&
        take(fd, block, BLOCK_BYTES, request.bytes_up) == request.bytes_up)
        give(fd, block, BLOCK_BYTES, request.bytes_down);
    free(block);
    close(fd);
    return NULL;
}

static void in_thread(void *(*body)(void *), int fd) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, body, (void *)(intptr_t)fd);
    if (errno)
        fail("pthread_create");
    pthread_detach(thread);
}

static void *accept_all(void *argument) {
    for (;;) {
        int fd = accept((int)(intptr_t)argument, NULL, NULL);
        if (fd < 0)
            fail("accept");
        in_thread(serve_one, fd);
    }
}

__attribute__((noreturn)) static void serve(const char *address, uint16_t port, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        struct sockaddr_in own = at(address, (uint16_t)(port + i));
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        int on = 1;
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
            bind(fd, (struct sockaddr *)&own, sizeof own) || listen(fd, BACKLOG))
            fail("listen on %s:%d", address, (int)(port + i));
        in_thread(accept_all, fd);
    }
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}

static void exchange(const char *address, uint16_t port, struct request request, char *block) {
    struct sockaddr_in server = at(address, port);
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout))
        fail("socket");
    uint64_t started = now_ns();
    if (connect(fd, (struct sockaddr *)&server, sizeof server))
        fail("connect to %s:%d", address, port);
    uint64_t connected = now_ns();
    if (give(fd, &request, sizeof request, sizeof request) != sizeof request ||
        give(fd, block, BLOCK_BYTES, request.bytes_up) != request.bytes_up ||
        take(fd, block, BLOCK_BYTES, request.bytes_down) != request.bytes_down)
        fail("the connection to %s:%d was cut off", address, port);
    uint64_t ended = now_ns();
    close(fd);
    printf("%" PRIu64 " %" PRIu64 "\n", connected - started, ended - connected);
}

static uint64_t parse_number(const char *text, uint64_t most) {
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno || *end || end == text || number > most) {
        errno = EINVAL;
        fail("%s is no number up to %" PRIu64, text, most);
    }
    return number;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc != 5) {
        errno = EINVAL;
        fail("see traffic.c for its arguments");
    }
    const char *task = argv[1], *address = argv[2];
    uint16_t port = (uint16_t)parse_number(argv[3], UINT16_MAX);
    uint64_t number = parse_number(argv[4], UINT64_MAX);
    char *block = calloc(1, BLOCK_BYTES);
    if (!block)
        fail("calloc");
    if (!strcmp(task, "serve"))
        serve(address, port, number);
    /* One byte is the answer: the server has had all. */
    struct request request = {.bytes_up = 1, .bytes_down = 1};
    int is_first = !strcmp(task, "first");
    uint64_t connections = number;
    if (!strcmp(task, "send"))
        request.bytes_up = number, connections = 1;
    else if (!strcmp(task, "receive"))
        request.bytes_down = number, connections = 1;
    else if (strcmp(task, "connect") && !is_first) {
        errno = EINVAL;
        fail("%s is no task", task);
    }
    for (uint64_t i = 0; i < connections; i++)
        exchange(address, (uint16_t)(is_first ? port + i : port), request, block);
    return 0;
}
