/*
 * Starts programs and sends HTTP requests, and times them from as close by as can be: in C, so that
 * the cores that are measured are not taken by the one that measures.
 *
 *   requests ::: exec EXPECT PROGRAM ARGS… ::: http EXPECT PORT BODY ::: …
 *
 * `exec`: vfork(2), execve(2), read stdout to its end, reap. `http`: POST /v1/execute to 127.0.0.1 with
 * the bytes of the file BODY, on connections that are kept; where BODY has the word NONCE000 the number
 * of the request stands in its place. EXPECT must be part of what comes back.
 *
 * Each line on stdin asks for one measurement: `CANDIDATE PARALLEL COUNT MS` keeps PARALLEL of a
 * candidate going until COUNT have been begun or MS have passed, and waits for all of them. The
 * answer is one line: ns that all took, ns of CPU that this program took for it, then of each how many
 * ns it took. The end of stdin ends it. What fails, or takes longer than TIMEOUT_MS, ends it with 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 60000
#define MAX_CANDIDATES 64
#define MAX_PARALLEL 64
#define MAX_ANSWER 65536
#define MAX_SAMPLES 1000000
#define FIRST_FREE_FD 10
#define NONCE "NONCE000"

struct candidate {
    char *expect;
    char **argv;   /* of exec; NULL: http */
    char *request; /* of http: head and body */
    size_t length;
    char *nonce; /* in `request`, or NULL */
    uint16_t port;
    int connections[MAX_PARALLEL]; /* -1: not open */
};

/* One that is under way. */
struct flight {
    uint64_t started_ns;
    int fd; /* its stdout or its connection; -1: none is under way */
    pid_t pid;
    size_t used;
    char answer[MAX_ANSWER];
};

extern char **environ;
static struct candidate candidates[MAX_CANDIDATES];
static struct flight flights[MAX_PARALLEL];
static uint64_t samples[MAX_SAMPLES];
static int null_fd;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("requests: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    for (int i = 0; i < MAX_PARALLEL; i++)
        if (flights[i].pid > 0)
            kill(flights[i].pid, SIGKILL);
    exit(1);
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void load_request(struct candidate *candidate, char **words) {
    static char body[MAX_ANSWER];
    candidate->port = (uint16_t)atoi(words[0]);
    int fd = open(words[1], O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, body, sizeof body);
    if (got <= 0 || got == MAX_ANSWER)
        fail("%s cannot be read, is empty or too long", words[1]);
    close(fd);
    candidate->request = malloc(sizeof body + 512);
    int head = snprintf(candidate->request, 512,
                        "POST /v1/execute HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n"
                        "content-type: application/json\r\ncontent-length: %zd\r\n\r\n",
                        candidate->port, got);
    memcpy(candidate->request + head, body, (size_t)got);
    candidate->length = (size_t)head + (size_t)got;
    candidate->nonce = memmem(candidate->request, candidate->length, NONCE, strlen(NONCE));
    memset(candidate->connections, -1, sizeof candidate->connections);
}

/* Splits the words at `:::` in place; returns the number of candidates. */
static int parse_candidates(char **words) {
    int count = 0;
    while (*words && !strcmp(*words, ":::")) {
        *words++ = NULL; /* ends the argv before it */
        if (count == MAX_CANDIDATES || !words[0] || !words[1] || !words[2])
            fail("a candidate is `exec EXPECT PROGRAM…` or `http EXPECT PORT BODY`");
        struct candidate *candidate = &candidates[count++];
        candidate->expect = words[1];
        if (!strcmp(words[0], "exec"))
            candidate->argv = words + 2;
        else
            load_request(candidate, words + 2);
        while (*words && strcmp(*words, ":::"))
            words++;
    }
    return count;
}

static void begin_program(const struct candidate *candidate, struct flight *flight) {
    int out[2];
    if (pipe2(out, O_CLOEXEC) < 0)
        fail("pipe: %s", strerror(errno));
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(null_fd, 0);
        dup2(out[1], 1);
        execve(candidate->argv[0], candidate->argv, environ);
        _exit(127);
    }
    if (pid < 0)
        fail("vfork: %s", strerror(errno));
    close(out[1]);
    flight->pid = pid;
    flight->fd = out[0];
}

static int open_connection(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect to port %d: %s", port, strerror(errno));
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* What is readable before a request is the end of a connection that was idle for too long. */
static int idle_connection(struct candidate *candidate, int lane) {
    int *fd = &candidate->connections[lane];
    struct pollfd early = {.fd = *fd, .events = POLLIN};
    if (*fd >= 0 && poll(&early, 1, 0) != 0) {
        close(*fd);
        *fd = -1;
    }
    if (*fd < 0)
        *fd = open_connection(candidate->port);
    return *fd;
}

static void begin(struct candidate *candidate, int lane) {
    static unsigned number;
    struct flight *flight = &flights[lane];
    flight->used = 0;
    flight->pid = 0;
    if (!candidate->argv) {
        flight->fd = idle_connection(candidate, lane);
        char digits[sizeof NONCE];
        snprintf(digits, sizeof digits, "%08u", number++ % 100000000);
        if (candidate->nonce)
            memcpy(candidate->nonce, digits, strlen(NONCE));
    }
    flight->started_ns = clock_ns(CLOCK_MONOTONIC);
    if (candidate->argv)
        begin_program(candidate, flight);
    else if (write(flight->fd, candidate->request, candidate->length) != (ssize_t)candidate->length)
        fail("a request could not be sent: %s", strerror(errno));
}

/* Of a head that is whole: how many bytes the whole answer has. 0: the head is not whole yet. */
static size_t answer_length(const char *answer) {
    const char *end = strstr(answer, "\r\n\r\n");
    if (!end)
        return 0;
    const char *length = strcasestr(answer, "\r\ncontent-length:");
    if (!length || length > end)
        fail("an answer without a length: %s", answer);
    return (size_t)(end + 4 - answer) + strtoul(length + 17, NULL, 10);
}

/* Reads what is there. True: it has ended, and well. */
static bool go_on(const struct candidate *candidate, struct flight *flight) {
    size_t room = MAX_ANSWER - 1 - flight->used;
    ssize_t got = read(flight->fd, flight->answer + flight->used, room);
    if (got < 0 || room == 0 || (got == 0 && !candidate->argv))
        fail("an answer that can't be read: %.*s", (int)flight->used, flight->answer);
    flight->used += (size_t)got;
    flight->answer[flight->used] = '\0';
    if (candidate->argv) {
        int status;
        if (got > 0)
            return false;
        close(flight->fd);
        if (waitpid(flight->pid, &status, 0) != flight->pid || status != 0)
            fail("%s ended with wait status %#x", candidate->argv[0], (unsigned)status);
    } else {
        size_t length = answer_length(flight->answer);
        if (length == 0 || flight->used < length)
            return false;
        if (strncmp(flight->answer, "HTTP/1.1 200", 12))
            fail("%s", flight->answer);
    }
    if (!strstr(flight->answer, candidate->expect))
        fail("no `%s` in what came back: %s", candidate->expect, flight->answer);
    return true;
}

/* Waits for any of them; returns how many have ended, and keeps how long they took. */
static int await_some(const struct candidate *candidate, int parallel, int done) {
    struct pollfd polled[MAX_PARALLEL];
    for (int lane = 0; lane < parallel; lane++)
        polled[lane] = (struct pollfd){.fd = flights[lane].fd, .events = POLLIN};
    if (poll(polled, (nfds_t)parallel, TIMEOUT_MS) <= 0)
        fail("nothing came back in %d ms", TIMEOUT_MS);
    int ended = 0;
    for (int lane = 0; lane < parallel; lane++) {
        struct flight *flight = &flights[lane];
        if (!polled[lane].revents || !go_on(candidate, flight))
            continue;
        flight->fd = -1;
        flight->pid = 0;
        samples[done + ended++] = clock_ns(CLOCK_MONOTONIC) - flight->started_ns;
    }
    return ended;
}

static void measure(struct candidate *candidate, int parallel, int count, uint64_t limit_ns) {
    for (int lane = 0; lane < parallel; lane++)
        flights[lane].fd = -1;
    uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t started = clock_ns(CLOCK_MONOTONIC);
    int begun = 0, done = 0;
    do {
        for (int lane = 0; lane < parallel && begun < count; lane++) {
            if (flights[lane].fd >= 0)
                continue;
            if (clock_ns(CLOCK_MONOTONIC) - started >= limit_ns)
                count = begun; /* no more */
            else
                begun++, begin(candidate, lane);
        }
        if (done < begun)
            done += await_some(candidate, parallel, done);
    } while (done < begun || begun < count);
    uint64_t took = clock_ns(CLOCK_MONOTONIC) - started;
    printf("%llu %llu", (unsigned long long)took,
           (unsigned long long)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu));
    for (int i = 0; i < done; i++)
        printf(" %llu", (unsigned long long)samples[i]);
    putchar('\n');
    fflush(stdout);
}

int main(int argc, char **argv) {
    (void)argc;
    int known = parse_candidates(argv + 1);
    int number, parallel, count;
    unsigned long long ms;
    signal(SIGPIPE, SIG_IGN);
    /* From here on new fds are above those that a child gets. */
    do
        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (null_fd >= 0 && null_fd < FIRST_FREE_FD);
    while (scanf("%d %d %d %llu", &number, &parallel, &count, &ms) == 4) {
        if (number < 0 || number >= known || parallel < 1 || parallel > MAX_PARALLEL || count < 1 ||
            count > MAX_SAMPLES)
            fail("no such candidate, or too many of it");
        measure(&candidates[number], parallel, count, ms * 1000000);
    }
    return 0;
}
