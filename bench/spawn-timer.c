/*
 * Times the start and end of programs from as close by as can be: vfork(2), execve(2), wait.
 *
 *   spawn-timer ROUNDS ::: exec PROGRAM ARGS… ::: plan LAUNCHER MESSAGES ::: …
 *
 * Every round starts each candidate once, in turn, so that a busy machine is busy for all of them.
 * A `plan` is a Glovebox launcher: it gets the bytes of the file MESSAGES on its lane, fd 3, and after its
 * `exit` line the message `end` (native/launcher/README.md). For each start one line goes to stdout:
 * the candidate's number, ns until it was reaped, ns until its `exit` line (of an exec: 0).
 * A candidate that fails, or takes longer than TIMEOUT_MS for one step, ends the whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_MS 20000
#define MAX_CANDIDATES 16
/* Fits into a socket, so that writing it never waits for the reader. */
#define MAX_PLAN_BYTES 65536
#define FIRST_FREE_FD 10

struct candidate {
    bool is_plan;
    char **argv; /* NULL-terminated */
    char *plan;
    size_t plan_length;
};

struct sample {
    uint64_t reaped_ns;
    uint64_t exit_line_ns;
};

/* One record, `end` without a value; the last NUL is the string's own. */
static const char end_message[] = "\x09\0\0\0" "\0\0\0\0" "end\0";

extern char **environ;
static char *const no_environment[] = {NULL};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("spawn-timer: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* From here on new fds are above those that a child gets, so that dup2(2) never overwrites one. */
static int reserve_low_fds(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd < FIRST_FREE_FD);
    if (fd < 0)
        fail("open /dev/null: %s", strerror(errno));
    return fd;
}

static void load_plan(struct candidate *candidate, const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    candidate->plan = malloc(MAX_PLAN_BYTES);
    ssize_t got = fd < 0 || !candidate->plan ? -1 : read(fd, candidate->plan, MAX_PLAN_BYTES);
    if (got <= 0 || got == MAX_PLAN_BYTES)
        fail("%s: cannot be read, is empty or too long for a socket", path);
    candidate->plan_length = (size_t)got;
    close(fd);
}

static bool is_separator(const char *word) {
    return !strcmp(word, ":::");
}

/* Splits the words at `:::` in place; returns the number of candidates. */
static int parse_candidates(char **words, struct candidate *candidates) {
    int count = 0;
    while (*words && is_separator(*words)) {
        *words++ = NULL; /* ends the argv before it */
        if (count == MAX_CANDIDATES || !words[0] || !words[1])
            fail("a candidate is `exec PROGRAM…` or `plan LAUNCHER MESSAGES`, at most %d of them",
                 MAX_CANDIDATES);
        struct candidate *candidate = &candidates[count++];
        candidate->is_plan = !strcmp(words[0], "plan");
        candidate->argv = words + 1;
        while (*words && !is_separator(*words))
            words++;
        if (candidate->is_plan) {
            load_plan(candidate, candidate->argv[1]);
            candidate->argv[1] = NULL;
        }
    }
    return count;
}

/* Started with 0 to 2 on /dev/null; a launcher also with its lane. */
static pid_t start(const struct candidate *candidate, int null_fd, int lane) {
    char *const *environment = candidate->is_plan ? no_environment : environ;
    pid_t pid = vfork();
    if (pid < 0)
        fail("vfork: %s", strerror(errno));
    if (pid > 0)
        return pid;
    for (int fd = 0; fd <= 2; fd++)
        dup2(null_fd, fd);
    if (candidate->is_plan)
        dup2(lane, 3);
    execve(candidate->argv[0], candidate->argv, environment);
    _exit(127);
}

/* Reads frames until the status line that begins with `exit `; nothing else is expected to be long. */
static void await_exit_line(const char *name, int lane) {
    char text[4096];
    size_t used = 0;
    for (;;) {
        struct pollfd poll_status = {.fd = lane, .events = POLLIN};
        if (poll(&poll_status, 1, TIMEOUT_MS) != 1)
            fail("%s: no `exit` line in %d ms", name, TIMEOUT_MS);
        ssize_t got = read(lane, text + used, sizeof text - 1 - used);
        if (got <= 0)
            fail("%s: ended without an `exit` line", name);
        used += (size_t)got;
        text[used] = '\0';
        const char *line = memmem(text, used, "exit code=", 10);
        if (!line || !strchr(line, '\n'))
            continue;
        if (!strstr(line, "exit code=0 signal=0 limit=none"))
            fail("%s: its program failed: %s", name, line);
        return;
    }
}

static void reap(const char *name, pid_t pid) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd poll_end = {.fd = pidfd, .events = POLLIN};
    int status;
    if (pidfd < 0 || poll(&poll_end, 1, TIMEOUT_MS) != 1) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        fail("%s: did not end in %d ms", name, TIMEOUT_MS);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        fail("%s: ended with wait status %#x", name, (unsigned)status);
    close(pidfd);
}

static struct sample time_exec(const struct candidate *candidate, int null_fd) {
    struct sample sample = {0};
    uint64_t started = now_ns();
    reap(candidate->argv[0], start(candidate, null_fd, -1));
    sample.reaped_ns = now_ns() - started;
    return sample;
}

static struct sample time_plan(const struct candidate *candidate, int null_fd) {
    const char *name = candidate->argv[0];
    struct sample sample;
    int lane[2];
    uint64_t started = now_ns();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, lane) < 0)
        fail("socketpair: %s", strerror(errno));
    pid_t pid = start(candidate, null_fd, lane[1]);
    close(lane[1]);
    if (write(lane[0], candidate->plan, candidate->plan_length) < 0)
        fail("%s: takes no plan: %s", name, strerror(errno));
    await_exit_line(name, lane[0]);
    sample.exit_line_ns = now_ns() - started;
    if (write(lane[0], end_message, sizeof end_message) < 0)
        fail("%s: takes no end: %s", name, strerror(errno));
    reap(name, pid);
    sample.reaped_ns = now_ns() - started;
    close(lane[0]);
    return sample;
}

int main(int argc, char **argv) {
    struct candidate candidates[MAX_CANDIDATES];
    int rounds = argc > 2 ? atoi(argv[1]) : 0;
    int count = rounds > 0 ? parse_candidates(argv + 2, candidates) : 0;
    if (count == 0)
        fail("usage: spawn-timer ROUNDS ::: exec PROGRAM ARGS… ::: plan LAUNCHER MESSAGES");
    signal(SIGPIPE, SIG_IGN);
    int null_fd = reserve_low_fds();
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++) {
            const struct candidate *candidate = &candidates[i];
            struct sample sample =
                candidate->is_plan ? time_plan(candidate, null_fd) : time_exec(candidate, null_fd);
            printf("%d %llu %llu\n", i, (unsigned long long)sample.reaped_ns,
                   (unsigned long long)sample.exit_line_ns);
        }
    return 0;
}
