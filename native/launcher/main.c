/*
 * Theory of operation: see README.md.
 *
 *   owner ◀──lane, fd 3──▶ supervisor ──packets──▶ pid 1 ──fork──▶ program
 *                             ▲                  (namespaces, root, no privileges, seccomp)
 *                             └──── pipes ────────────────────────────┘
 */
#include "asks.h"
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_LANES 1024

/* Doctor asks which program this is, and what it was built to speak. */
#define PROTOCOL "glovebox-launcher 2\n"

/* Of the owner's fds only these may come near a program: 0 to 2 lead nowhere, then lanes. */
static void check_fds(long count) {
    struct stat status;
    for (int fd = 0; fd < count; fd++)
        if (fd != LIBRARY_PLACE && fstat(fd, &status) < 0)
            _exit(2);
    if (syscall(SYS_close_range, count, ~0u, 0) < 0) /* Linux 5.9 */
        for (long fd = count, end = sysconf(_SC_OPEN_MAX); fd < end; fd++)
            close((int)fd);
}

/* For the launcher and all that comes after it. core(5): where the host pipes core dumps into a program
 * of root's, only a limit of 1 keeps the kernel from starting it; no file is that small either. The
 * filter lets no program change it. */
static void limit_core_dumps(void) {
    struct rlimit one = {.rlim_cur = 1, .rlim_max = 1};
    struct rlimit none = {0};
    /* Where this user may have no core files at all, 1 would be a rise. */
    if (setrlimit(RLIMIT_CORE, &one) < 0 && setrlimit(RLIMIT_CORE, &none) < 0)
        die("limit core dumps");
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--version"))
        return write(1, PROTOCOL, strlen(PROTOCOL)) < 0;
    if (argc == 2 && !strcmp(argv[1], "container")) {
        limit_core_dumps();
        supervise_container();
    }
    if (argc == 3 && !strcmp(argv[1], "pipes"))
        return make_pipes(strtol(argv[2], NULL, 10));
    bool has_asker = argc == 2 && !strcmp(argv[1], "ask");
    bool serves = argc >= 4 && argc <= 5 && !strcmp(argv[1], "serve");
    long lanes = serves ? strtol(argv[2], NULL, 10) : 0;
    long templates = serves ? strtol(argv[3], NULL, 10) : 0;
    if (argc > 1 && !has_asker &&
        (!serves || lanes < 1 || lanes > MAX_LANES || templates < 0 || templates > lanes))
        return 2;
    /* LIBRARY_PLACE is empty: it is filled later. */
    check_fds(serves ? LANE_FD + 2 + lanes : has_asker ? ASKING_FDS : LANE_FD + 1);
    /* Away from the terminal: its Ctrl-C is for the owner, who decides what it means. */
    setsid();
    signal(SIGPIPE, SIG_IGN);
    limit_core_dumps();
    if (serves)
        serve_lanes((size_t)lanes, (size_t)templates, argc == 5 ? argv[4] : NULL);
    supervise_lane(has_asker);
}
