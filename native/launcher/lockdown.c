/* The privileges that pid 1 and every process after it go without. */
#include "launcher.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* landlock(7), Linux 6.12 (ABI 6); not in the headers of older systems. */
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_VERSION_FLAG 1
#define SCOPE_ABSTRACT_UNIX_SOCKET 1
#define SCOPE_ABI 6
struct scope_ruleset {
    uint64_t handled_access_fs, handled_access_net, scoped;
};

/* Quotas of the user namespace, namespaces(7): without them the sandbox of an ordinary user could take
 * all that the kernel lets that user have. */
void setup_quotas(void) {
    write_text("/proc/sys/user/max_inotify_instances", "32");
    write_text("/proc/sys/user/max_inotify_watches", "8192");
    /* A second wall behind the filter: no further user namespace, and so no capability, ever. */
    write_text("/proc/sys/user/max_user_namespaces", "0");
}

/* capabilities(7). The capabilities are those of the sandbox's own user namespace; they would still
 * let the program mount and reach kernel code that only root could reach otherwise. */
void setup_privileges(void) {
    int capability = 0;
    while (prctl(PR_CAPBSET_DROP, capability) == 0)
        capability++;
    if (errno != EINVAL) /* the first number that is no capability of this kernel */
        die("drop capability %d from the bounding set", capability);
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        die("clear the ambient capabilities");

    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];
    memset(none, 0, sizeof none);
    if (syscall(SYS_capset, &header, none) < 0)
        die("drop capabilities");
    seal_process();
}

void seal_process(void) {
    /* Without it a set-user-ID program would gain privileges, and seccomp(2) would be refused. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        die("set no_new_privs");
    /* The program has the same uid as pid 1: without this it could trace it and take its fds.
     * execve(2) sets it back for the program itself. */
    if (prctl(PR_SET_DUMPABLE, 0) < 0)
        die("forbid tracing of pid 1");
}

void require_no_privileges(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct own[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, own) < 0)
        die("read the capabilities");
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        if (own[i].effective | own[i].permitted | own[i].inheritable)
            die_plain("container: it was started with capabilities");
    int in_bounds;
    for (int capability = 0; (in_bounds = prctl(PR_CAPBSET_READ, capability)) >= 0; capability++)
        if (in_bounds)
            die_plain("container: capability %d is in its bounding set", capability);
    if (getuid() == 0 || geteuid() == 0)
        die_plain("container: it was started as root");
}

bool can_scope_abstract_sockets(void) {
    return syscall(LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_VERSION_FLAG) >= SCOPE_ABI;
}

/* Abstract sockets belong to the network namespace, not to a mount: with the host's network the
 * program could talk to the desktop's D-Bus and X11 through them. */
void setup_abstract_sockets(const struct plan *plan) {
    if (!plan->share_net || !can_scope_abstract_sockets())
        return;
    struct scope_ruleset ruleset = {.scoped = SCOPE_ABSTRACT_UNIX_SOCKET};
    int fd = (int)syscall(LANDLOCK_CREATE_RULESET, &ruleset, sizeof ruleset, 0);
    if (fd < 0 || syscall(LANDLOCK_RESTRICT_SELF, fd, 0) < 0)
        die("keep the program off the host's abstract sockets");
    close(fd);
}
