/*
 * The calls by which runtimes touch a file, and fork(). Before the point each looks whether it is about
 * the program's file; afterwards all only pass on, to the function that would have been called.
 *
 * Which calls: those that the runtimes of the languages import from libc, found with `nm -D`. A call from
 * inside of libc does not come here.
 */
#include "park.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The function of that name which this one hides. */
static void *find_next(const char *name) {
    void *next = dlsym(RTLD_NEXT, name);
    if (!next)
        _exit(EXIT_OURS);
    return next;
}

/* A hook can be called before this library's constructor, by that of another: it looks for itself. */
#define NEXT(name)                                                                                 \
    static __typeof__(&name) next;                                                                 \
    if (!next)                                                                                     \
    *(void **)&next = find_next(#name)

#define HOOK(type, name, parameters, dir_fd, path, arguments)                                      \
    EXPORT type name parameters;                                                                   \
    type name parameters {                                                                         \
        NEXT(name);                                                                                \
        look_at(dir_fd, path);                                                                     \
        return next arguments;                                                                     \
    }

static void look_at(int dir_fd, const char *path) {
    if (names_entry(dir_fd, path))
        reach_point();
}

/* ---- opening ---- */

static mode_t mode_argument(int flags, va_list arguments) {
    bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    return makes ? va_arg(arguments, mode_t) : 0;
}

/* True if the stand-in was opened instead. */
static bool look_at_open(int dir_fd, const char *path, int flags, int *fd) {
    if (!names_entry(dir_fd, path))
        return false;
    if (is_point_at_read()) {
        *fd = open_stand_in(path, flags);
        return true;
    }
    reach_point();
    return false;
}

#define HOOK_OPEN(name)                                                                            \
    EXPORT int name(const char *path, int flags, ...) {                                            \
        NEXT(name);                                                                                \
        int fd;                                                                                    \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_argument(flags, arguments);                                             \
        va_end(arguments);                                                                         \
        return look_at_open(AT_FDCWD, path, flags, &fd) ? fd : next(path, flags, mode);            \
    }

#define HOOK_OPENAT(name)                                                                          \
    EXPORT int name(int dir_fd, const char *path, int flags, ...) {                                \
        NEXT(name);                                                                                \
        int fd;                                                                                    \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_argument(flags, arguments);                                             \
        va_end(arguments);                                                                         \
        return look_at_open(dir_fd, path, flags, &fd) ? fd : next(dir_fd, path, flags, mode);      \
    }

HOOK_OPEN(open)
HOOK_OPEN(open64)
HOOK_OPENAT(openat)
HOOK_OPENAT(openat64)
/* What the compiler makes of an open() without a mode, with _FORTIFY_SOURCE. */
HOOK(int, __open_2, (const char *path, int flags), AT_FDCWD, path, (path, flags))
HOOK(int, __open64_2, (const char *path, int flags), AT_FDCWD, path, (path, flags))
HOOK(int, __openat_2, (int at, const char *path, int flags), at, path, (at, path, flags))
HOOK(int, __openat64_2, (int at, const char *path, int flags), at, path, (at, path, flags))
HOOK(FILE *, fopen, (const char *path, const char *mode), AT_FDCWD, path, (path, mode))
HOOK(FILE *, fopen64, (const char *path, const char *mode), AT_FDCWD, path, (path, mode))
HOOK(FILE *, freopen, (const char *path, const char *mode, FILE *file), AT_FDCWD, path,
     (path, mode, file))
HOOK(FILE *, freopen64, (const char *path, const char *mode, FILE *file), AT_FDCWD, path,
     (path, mode, file))

/* ---- asking ---- */

HOOK(int, stat, (const char *path, struct stat *to), AT_FDCWD, path, (path, to))
HOOK(int, stat64, (const char *path, struct stat64 *to), AT_FDCWD, path, (path, to))
HOOK(int, lstat, (const char *path, struct stat *to), AT_FDCWD, path, (path, to))
HOOK(int, lstat64, (const char *path, struct stat64 *to), AT_FDCWD, path, (path, to))
HOOK(int, fstatat, (int at, const char *path, struct stat *to, int flags), at, path,
     (at, path, to, flags))
HOOK(int, fstatat64, (int at, const char *path, struct stat64 *to, int flags), at, path,
     (at, path, to, flags))
HOOK(int, statx, (int at, const char *path, int flags, unsigned int mask, struct statx *to), at,
     path, (at, path, flags, mask, to))
/* What programs that were linked to a glibc before 2.33 call for the same. */
HOOK(int, __xstat, (int version, const char *path, struct stat *to), AT_FDCWD, path,
     (version, path, to))
HOOK(int, __xstat64, (int version, const char *path, struct stat64 *to), AT_FDCWD, path,
     (version, path, to))
HOOK(int, __lxstat, (int version, const char *path, struct stat *to), AT_FDCWD, path,
     (version, path, to))
HOOK(int, __lxstat64, (int version, const char *path, struct stat64 *to), AT_FDCWD, path,
     (version, path, to))
HOOK(int, access, (const char *path, int mode), AT_FDCWD, path, (path, mode))
HOOK(int, eaccess, (const char *path, int mode), AT_FDCWD, path, (path, mode))
HOOK(int, faccessat, (int at, const char *path, int mode, int flags), at, path,
     (at, path, mode, flags))
HOOK(ssize_t, readlink, (const char *path, char *to, size_t size), AT_FDCWD, path, (path, to, size))
HOOK(ssize_t, readlinkat, (int at, const char *path, char *to, size_t size), at, path,
     (at, path, to, size))
HOOK(char *, realpath, (const char *path, char *to), AT_FDCWD, path, (path, to))
HOOK(char *, __realpath_chk, (const char *path, char *to, size_t size), AT_FDCWD, path,
     (path, to, size))

/* libuv asks for statx by its number, for a libc that has no such function. */
EXPORT long syscall(long number, ...) {
    NEXT(syscall);
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long);
    long d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    if (number == SYS_statx || number == SYS_openat || number == SYS_newfstatat)
        look_at((int)a, (const char *)b);
    return next(number, a, b, c, d, e, f);
}

/* ---- reading and forking ---- */

EXPORT ssize_t read(int fd, void *buffer, size_t size) {
    NEXT(read);
    ssize_t result;
    return read_stand_in(fd, buffer, size, &result) ? result : next(fd, buffer, size);
}

pid_t fork_of_libc(void) {
    NEXT(fork);
    return next();
}

EXPORT pid_t fork(void) {
    return fork_of_program();
}
