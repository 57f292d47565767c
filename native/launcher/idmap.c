/*
 * Who the sandbox is on the host.
 *
 * For an ordinary user it is that user: the kernel lets nobody else be mapped. For root it is a uid
 * of the sandbox's own, which owns nothing: were it root, files of /proc and /sys that only check
 * the uid would be open to it; were it one uid for all sandboxes, they would share the kernel's
 * per-user limits. Manual: user_namespaces(7).
 */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Above what distributions and container tools hand out (systemd's UIDS-GIDS.md); plus the
 * launcher's pid (at most 2^22) it is unique among living sandboxes and below 2^31. */
#define FIRST_HOST_ID 1900000000u
#define LAST_HOST_ID (FIRST_HOST_ID + (1u << 22))

/* From <linux/mount.h> (Linux 5.12), which can't be included beside every libc's <sys/mount.h>. */
#define ATTR_IDMAP 0x00100000
#define CLONE_TREE 1 /* OPEN_TREE_CLONE */
struct idmap_attributes {
    uint64_t set, clear, propagation, userns_fd;
};

/* In a user namespace not every id exists: a range that does, without 0. */
struct id_range host_id_range(const char *map_path, uint32_t own) {
    struct id_range range = {.first = own, .count = 1};
    char map[4096];
    if (own != 0)
        return range;
    if (read_text_at(AT_FDCWD, map_path, map, sizeof map) < 0)
        die("read %s", map_path);
    for (char *line = map; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        unsigned long first, outside, count;
        if (sscanf(line, "%lu %lu %lu", &first, &outside, &count) != 3)
            continue;
        if (first <= FIRST_HOST_ID && first + count > LAST_HOST_ID)
            return (struct id_range){.first = FIRST_HOST_ID,
                                     .count = LAST_HOST_ID - FIRST_HOST_ID + 1};
        if (count > 1000)
            range = (struct id_range){.first = (uint32_t)(first + count - 999), .count = 999};
    }
    return range;
}

static uint32_t choose_id(const char *map_path) {
    struct id_range range = host_id_range(map_path, 0);
    return range.first + (uint32_t)getpid() % range.count;
}

struct host_ids choose_host_ids(void) {
    struct host_ids own = {.uid = geteuid(), .gid = getegid()};
    if (own.uid != 0)
        return own;
    struct host_ids ids = {.uid = choose_id("/proc/self/uid_map"),
                           .gid = choose_id("/proc/self/gid_map")};
    /* A namespace with no id but root's: that root is an ordinary user outside. */
    return ids.uid && ids.gid ? ids : own;
}

static void write_map(pid_t pid, const char *file, uint32_t inside, uint32_t outside) {
    char path[64], line[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    snprintf(line, sizeof line, "%u %u 1", inside, outside);
    write_text(path, line);
}

void write_id_maps(pid_t pid, struct host_ids ids) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/setgroups", pid);
    write_text(path, "deny"); /* before gid_map: an ordinary user may not write that otherwise */
    write_map(pid, "uid_map", INSIDE_ID, ids.uid);
    write_map(pid, "gid_map", INSIDE_ID, ids.gid);
}

void leave_groups(struct host_ids ids) {
    /* An ordinary user is not let; those groups stay, see SECURITY.md. */
    if (geteuid() != ids.uid && setgroups(0, NULL) < 0)
        die("leave the supplementary groups");
}

/* A user namespace that turns the folder's owner into the sandbox's user; for mount_setattr(2). */
static int open_idmap_namespace(struct host_ids from, struct host_ids to) {
    pid_t launcher = getpid();
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid < 0)
        die("create a user namespace for the workspace");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (getppid() == launcher) /* it may be gone already */
            pause();
        _exit(0);
    }
    write_map(pid, "uid_map", from.uid, to.uid);
    write_map(pid, "gid_map", from.gid, to.gid);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die("open %s", path);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return fd;
}

/* The last one that was made: the folders of an image have one owner, and a namespace takes longer than
 * a mount. */
struct owner_namespace {
    struct host_ids owner;
    int fd; /* -1: none yet */
};

/* A detached mount of the folder, on which its owner is the sandbox's user if its file system can do
 * that. If it can't, what is open to everybody may still be read, but nothing could be written. */
static int mount_as_own(const char *folder, bool to_write, struct host_ids ids,
                        struct owner_namespace *cached) {
    struct stat status;
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, folder, CLONE_TREE | O_CLOEXEC);
    if (tree < 0 || fstat(tree, &status) < 0)
        die("open the folder %s", folder);
    struct host_ids owner = {.uid = status.st_uid, .gid = status.st_gid};
    if (cached->fd < 0 || cached->owner.uid != owner.uid || cached->owner.gid != owner.gid) {
        if (cached->fd >= 0)
            close(cached->fd);
        *cached = (struct owner_namespace){.owner = owner, .fd = open_idmap_namespace(owner, ids)};
    }
    struct idmap_attributes attributes = {.set = ATTR_IDMAP, .userns_fd = (uint64_t)cached->fd};
    long result =
        syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes);
    if (result < 0 && to_write)
        die("make %s writable for the sandbox's user: its file system can't map ids (overlayfs, "
            "NFS); use a folder on another one, or start as an ordinary user",
            folder);
    return tree;
}

int mount_granted(int folder, bool to_write, struct host_ids ids) {
    struct owner_namespace cached = {.fd = -1};
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    return mount_as_own(path, to_write, ids, &cached);
}

/* A detached mount of what everybody may read where it lies, though not everybody gets there: root's
 * home is closed to the sandbox's user. */
static int mount_as_it_is(const char *path) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, path, CLONE_TREE | O_CLOEXEC);
    /* Before Linux 5.2, or as a container's root without CAP_SYS_ADMIN: it is bound like the host's own
     * folders, and must lie where the sandbox's user gets to. */
    if (tree < 0 && errno != ENOSYS && errno != EPERM)
        die("open %s", path);
    return tree;
}

void prepare_workspace_mounts(struct plan *plan, struct host_ids ids) {
    if (geteuid() == ids.uid)
        return;
    struct owner_namespace cached = {.fd = -1};
    for (size_t i = 0; i < plan->entry_count; i++) {
        struct entry *entry = &plan->entries[i];
        if (entry->kind == ENTRY_LEND)
            entry->mount_fd = mount_as_it_is(entry->source);
        if (entry->kind != ENTRY_MOUNT_RO && entry->kind != ENTRY_MOUNT_RW &&
            entry->kind != ENTRY_MOUNT_COPY)
            continue;
        entry->mount_fd = mount_as_own(entry->source, entry->kind != ENTRY_MOUNT_RO, ids, &cached);
    }
    if (cached.fd >= 0)
        close(cached.fd);
}
