/*
 * Something of the host appears in a sandbox that runs: open_tree(2), mount_setattr(2), move_mount(2).
 * A process of its own does it, because it has to enter namespaces, and may hang in a dead network folder.
 */
#include "asks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_GRANTS 16

/* From <linux/mount.h> and <linux/openat2.h>, which can't be included beside every libc's headers. */
#define CLONE_TREE 1 /* OPEN_TREE_CLONE */
#define MOVE_EMPTY_PATHS 0x44
#define ATTR_RDONLY 0x1
#define ATTR_NOSUID 0x2
#define ATTR_NODEV 0x4
struct granted_attributes {
    uint64_t set, clear, propagation, userns_fd;
};
struct open_how_arguments {
    uint64_t flags, mode, resolve;
};
#define NO_LINKS 0x06 /* RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

static pid_t grants[MAX_GRANTS];
static size_t grant_count;

/* Who asked has resolved all links: one that is there now was put there since. */
static int open_path(const char *path) {
    struct open_how_arguments how = {.flags = O_PATH | O_CLOEXEC, .resolve = NO_LINKS};
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static bool enter(int fd, int kind) {
    return fd >= 0 && setns(fd, kind) == 0;
}

/* A detached mount; -1 with errno. As an ordinary user this process may make one in a namespace of its
 * own only, of the sandbox's user; it sees the host in it. */
static int clone_tree(const struct sandbox *sandbox, const struct grant *grant) {
    int user = sandbox->user_ns_fd;
    bool is_root = geteuid() != sandbox->ids.uid;
    if (!is_root && (!enter(user, CLONE_NEWUSER) || unshare(CLONE_NEWNS) < 0))
        return -1;
    int source = open_path(grant->source);
    if (source < 0)
        return -1;
    int tree = is_root ? mount_granted(source, grant->writable, sandbox->ids)
                       : (int)syscall(SYS_open_tree, source, "",
                                      CLONE_TREE | O_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (is_root && !enter(user, CLONE_NEWUSER))
        return -1;
    return tree;
}

static bool show(const struct sandbox *sandbox, const struct grant *grant) {
    int tree = clone_tree(sandbox, grant);
    struct granted_attributes attributes = {.set = ATTR_NOSUID | ATTR_NODEV |
                                                   (grant->writable ? 0 : ATTR_RDONLY)};
    if (tree < 0 || setresgid(INSIDE_ID, INSIDE_ID, INSIDE_ID) < 0 ||
        setresuid(INSIDE_ID, INSIDE_ID, INSIDE_ID) < 0)
        return false;
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                sizeof attributes) < 0 ||
        !enter(sandbox->mnt_ns_fd, CLONE_NEWNS))
        return false;
    int target = open_path(grant->target);
    return target >= 0 && syscall(SYS_move_mount, tree, "", target, "", MOVE_EMPTY_PATHS) == 0;
}

static void forget(pid_t pid) {
    for (size_t i = 0; i < grant_count; i++)
        if (grants[i] == pid)
            grants[i--] = grants[--grant_count];
}

void reap_grants(void) {
    for (size_t i = 0; i < grant_count; i++)
        if (waitpid(grants[i], NULL, WNOHANG) == grants[i])
            forget(grants[i--]);
}

static void tell(const struct grant *grant, int error) {
    (void)!send_event("{\"event\":\"granted\",\"id\":\"%" PRIu64 "\",\"error\":%d}", grant->id,
                      error);
}

void start_grant(const struct sandbox *sandbox, const struct grant *grant) {
    pid_t supervisor = getpid();
    reap_grants();
    pid_t pid = grant_count == MAX_GRANTS ? -1 : fork();
    if (pid < 0) {
        tell(grant, EAGAIN);
    } else if (pid == 0) {
        set_failure_channel(-1);
        set_failure_cleanup(NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != supervisor)
            _exit(1);
        errno = 0;
        bool is_shown = show(sandbox, grant);
        tell(grant, is_shown ? 0 : errno ? errno : EIO);
        _exit(0);
    } else {
        grants[grant_count++] = pid;
    }
}
