/*
 * Theory of operation: see README.md.
 *
 *   owner ──control fd 3──▶ supervisor ──packets──▶ pid 1 ──fork──▶ program
 *         ◀─status fd 4───     │  ▲                 (namespaces, root, no privileges, seccomp)
 *         ◀─streams 0 1 2──────┘  └──── pipes ─────────────────────────┘
 */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Doctor asks which program this is, and what it was built to speak. */
#define PROTOCOL "glovebox-launcher 1\n"

/* The control fd is the leash: without it nothing would end the sandbox when its owner dies. */
static void check_fds(void) {
    struct stat status;
    for (int fd = 0; fd <= STATUS_FD; fd++)
        if (fstat(fd, &status) < 0)
            _exit(2);
    /* Whatever else the owner forgot to close must not come near the program. */
    if (syscall(SYS_close_range, STATUS_FD + 1, ~0u, 0) < 0) /* Linux 5.9 */
        for (long fd = STATUS_FD + 1, end = sysconf(_SC_OPEN_MAX); fd < end; fd++)
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
    check_fds();
    /* Away from the terminal: its Ctrl-C is for the owner, who decides what it means. */
    setsid();
    signal(SIGPIPE, SIG_IGN);
    limit_core_dumps();

    static struct plan plan;
    struct message message;
    if (!read_create_message(CONTROL_FD, &message))
        return 0;
    parse_plan(&message, &plan);
    if (plan.token)
        die_plain("plan: a token is for containers");

    struct sandbox sandbox = {.ids = choose_host_ids(), .mnt_ns_fd = -1};
    leave_groups(sandbox.ids);
    prepare_workspace_mounts(&plan, sandbox.ids);
    create_cgroups(&plan);
    spawn_sandbox(&plan, &sandbox);
    if (plan.share_net)
        send_status("control abstract-sockets %s",
                    can_scope_abstract_sockets() ? "landlock" : "none");
    supervise_namespaces(&plan, &sandbox);
}
