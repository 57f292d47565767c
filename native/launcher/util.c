/* The two ways to fail, status lines, clocks, small files. */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int failure_channel = -1;
static void (*take_status)(const char *line, size_t length);
static bool (*flush_status)(void);
static void (*clean_up)(void);

void set_failure_channel(int fd) {
    failure_channel = fd;
}

void set_failure_cleanup(void (*clean)(void)) {
    clean_up = clean;
}

void set_status_channel(void (*take)(const char *line, size_t length), bool (*flush)(void)) {
    take_status = take;
    flush_status = flush;
}

NORETURN PRINTF_LIKE(1, 0) static void fail(const char *format, va_list arguments, int error) {
    char text[sizeof((struct reply){0}.text)];
    int used = vsnprintf(text, sizeof text, format, arguments);
    if (error && used >= 0 && (size_t)used < sizeof text)
        snprintf(text + used, sizeof text - (size_t)used, ": %s", strerror(error));
    for (char *byte = text; *byte; byte++)
        if ((unsigned char)*byte < ' ')
            *byte = '?'; /* a file name of the plan must not forge a status line */

    if (failure_channel < 0) {
        send_status("error %s", text);
        if (flush_status)
            (void)flush_status();
        if (clean_up)
            clean_up();
    } else {
        struct reply reply = {.kind = REPLY_FAILED};
        memcpy(reply.text, text, sizeof text);
        /* The supervisor notices the end of this process even if it can't be told the reason. */
        (void)!send(failure_channel, &reply, sizeof reply, MSG_NOSIGNAL);
    }
    _exit(1);
}

void die(const char *format, ...) {
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    fail(format, arguments, error);
}

void die_plain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail(format, arguments, 0);
}

void send_status(const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    size_t length = used < 0 ? 0 : (size_t)used;
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    line[length++] = '\n';
    if (take_status)
        take_status(line, length);
}

uint64_t monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t parse_number(const char *what, const char *text) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end)
        die_plain("plan: %s is not a number: %.40s", what, text);
    return number;
}

ssize_t read_text_at(int dir_fd, const char *path, char *buffer, size_t size) {
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t used = 0;
    ssize_t got = 0;
    while (used < size - 1 && (got = read(fd, buffer + used, size - 1 - used)) > 0)
        used += (size_t)got;
    int error = errno;
    close(fd);
    errno = error;
    buffer[used] = '\0';
    return got < 0 ? -1 : (ssize_t)used;
}

void write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        die("open %s", path);
    if (write(fd, text, strlen(text)) < 0)
        die("write `%.40s` to %s", text, path);
    close(fd);
}

int open_signals(const int *numbers, size_t count) {
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < count; i++)
        sigaddset(&mask, numbers[i]);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    int fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        die("signalfd");
    return fd;
}
