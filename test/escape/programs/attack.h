/*
 * What every attack program says: `held:` for a wall that stood, `ESCAPED:` for one that did not,
 * `trying:` before what may be the program's end, and `done` at last, so that an early crash shows.
 */
#ifndef ATTACK_H
#define ATTACK_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *word, const char *format, va_list arguments) {
    char text[512];
    vsnprintf(text, sizeof text, format, arguments);
    dprintf(1, "%s: %s\n", word, text);
}

#define SPEAKER(name, word)                                                                         \
    __attribute__((unused, format(printf, 1, 2))) static void name(const char *format, ...) {       \
        int error = errno;                                                                          \
        va_list arguments;                                                                          \
        va_start(arguments, format);                                                                \
        say(word, format, arguments);                                                               \
        va_end(arguments);                                                                          \
        errno = error;                                                                              \
    }
SPEAKER(held, "held")
SPEAKER(escaped, "ESCAPED")
SPEAKER(trying, "trying")

/* Any failure will do. */
__attribute__((unused)) static void fails(const char *what, long result) {
    if (result < 0)
        held("%s: %s", what, strerror(errno));
    else
        escaped("%s", what);
}

/* The failure must come from a wall, not from the call's own look at its arguments. */
__attribute__((unused)) static void refused(const char *what, long result) {
    bool wall = errno == EPERM || errno == EACCES || errno == ENOSYS || errno == EAFNOSUPPORT ||
                errno == EPROTONOSUPPORT;
    if (result < 0 && wall)
        held("%s: %s", what, strerror(errno));
    else
        escaped("%s reached the kernel: %s", what, result < 0 ? strerror(errno) : "success");
}

__attribute__((unused)) static void holds(bool stood, const char *what) {
    if (stood)
        held("%s", what);
    else
        escaped("%s", what);
}

/* Refused(), by name, for a call whose arguments would be harmless. */
#define REFUSED_CALL(name, ...) refused(#name, syscall(SYS_##name, ##__VA_ARGS__))

__attribute__((unused)) static int done(void) {
    dprintf(1, "done\n");
    return 0;
}

#endif
