/*
 * The file system that the program sees: a small read-only tmpfs with the host's system folders
 * bound into it, and one size-limited scratch tmpfs for all that is writable.
 * Manuals: mount_namespaces(7), pivot_root(2), mount_setattr(2), tmpfs(5).
 */
#include "asks.h"
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <linux/mount.h>, which can't be included beside every libc's <sys/mount.h>. */
#define ATTR_RDONLY 0x1
#define ATTR_NOSUID 0x2
#define ATTR_NODEV 0x4
#define MOVE_EMPTY_SOURCE 0x4 /* MOVE_MOUNT_F_EMPTY_PATH */
struct bind_attributes {
    uint64_t set, clear, propagation, userns_fd;
};

/* Where the host's root and the scratch tmpfs are while the new root is built. */
#define OLD_ROOT "/.old"
#define SCRATCH "/.scratch"

/* The root itself holds only mount points, links and the files of /etc. */
#define ROOT_OPTIONS "mode=0755,size=16m,nr_inodes=8192"

static void mount_tmpfs(const char *path, const char *options) {
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
        die("mount a tmpfs at %s", path);
}

static void join_path(char *buffer, size_t size, const char *prefix, const char *path) {
    if ((size_t)snprintf(buffer, size, "%s%s", prefix, path) >= size)
        die_plain("root: path too long: %.100s…", path);
}

static void make_file(const char *path, const struct entry *entry) {
    /* O_EXCL and O_NOFOLLOW: two entries of one name are the owner's bug, not to be papered over. */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        die("create file %s", entry->path);
    for (size_t done = 0; done < entry->length;) {
        ssize_t wrote = write(fd, entry->content + done, entry->length - done);
        if (wrote < 0)
            die("write file %s", entry->path);
        done += (size_t)wrote;
    }
    if (fchmod(fd, entry->mode) < 0)
        die("set the mode of %s", entry->path);
    close(fd);
}

/* A mount point of the kind of its source. The path of a mount made ready by the supervisor may lead
 * through folders that this user can't enter. */
static void make_mount_point(const char *path, const struct entry *entry) {
    char source[PATH_MAX];
    join_path(source, sizeof source, OLD_ROOT, entry->source);
    struct stat status;
    if ((entry->mount_fd >= 0 ? fstat(entry->mount_fd, &status) : stat(source, &status)) < 0)
        die("open %s", entry->source);
    make_place(path, S_ISDIR(status.st_mode));
}

/* Adds flags to one mount. Those that the host has set must be named again. */
static void restrict_one_mount(const char *path, unsigned long flags) {
    static const struct {
        unsigned long is, wants;
    } kept[] = {{ST_RDONLY, MS_RDONLY},    {ST_NOSUID, MS_NOSUID},   {ST_NODEV, MS_NODEV},
                {ST_NOEXEC, MS_NOEXEC},    {ST_NOATIME, MS_NOATIME}, {ST_NODIRATIME, MS_NODIRATIME},
                {ST_RELATIME, MS_RELATIME}};
    struct statvfs status;
    if (statvfs(path, &status) < 0)
        die("read the mount flags of %s", path);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (status.f_flag & kept[i].is)
            flags |= kept[i].wants;
    if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0)
        die("restrict the mount at %s", path);
}

static void bind_host_path(const struct entry *entry, const char *path, bool read_only) {
    char source[PATH_MAX];
    join_path(source, sizeof source, OLD_ROOT, entry->source);
    make_mount_point(path, entry);

    if (entry->mount_fd >= 0) {
        if (syscall(SYS_move_mount, entry->mount_fd, "", AT_FDCWD, path, MOVE_EMPTY_SOURCE) < 0)
            die("mount %s at %s", entry->source, entry->path);
    } else if (mount(source, path, NULL, MS_BIND | MS_REC, NULL) < 0) {
        die("mount %s at %s", entry->source, entry->path);
    }
    struct bind_attributes attributes = {.set = ATTR_NOSUID | ATTR_NODEV |
                                                (read_only ? ATTR_RDONLY : 0)};
    if (syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof attributes) ==
        0)
        return;
    if (errno != ENOSYS) /* Linux 5.12 */
        die("restrict the mount at %s", entry->path);
    /* What is mounted below it would stay as it is, so it must not be there. The kernel refuses to
     * bind without it where that would uncover something. */
    if (umount2(path, MNT_DETACH) < 0 || mount(source, path, NULL, MS_BIND, NULL) < 0)
        die("mount %s at %s", entry->source, entry->path);
    restrict_one_mount(path, MS_NOSUID | MS_NODEV | (read_only ? MS_RDONLY : 0));
}

/* Read-only: a device can be written to all the same, but its inode is the host's own. */
static void bind_device(const struct entry *entry, const char *path) {
    char source[PATH_MAX];
    join_path(source, sizeof source, OLD_ROOT, entry->source);
    make_mount_point(path, entry);
    if (mount(source, path, NULL, MS_BIND, NULL) < 0)
        die("mount %s at %s", entry->source, entry->path);
    restrict_one_mount(path, MS_RDONLY | MS_NOSUID | MS_NOEXEC);
}

/* All writable folders are parts of one tmpfs, so that one number limits them together. */
static void bind_scratch_folder(const struct entry *entry, const char *path, size_t number) {
    char source[64];
    snprintf(source, sizeof source, SCRATCH "/%zu", number);
    make_folder(source, entry->mode);
    make_folder(path, 0755);
    if (mount(source, path, NULL, MS_BIND, NULL) < 0)
        die("mount the writable folder %s", entry->path);
}

static void copy_host_folder(const struct entry *entry, const char *path, size_t number) {
    char source[PATH_MAX], scratch[32];
    join_path(source, sizeof source, OLD_ROOT, entry->source);
    snprintf(scratch, sizeof scratch, SCRATCH "/%zu", number);
    mount_copy(entry, path, source, scratch);
}

/* The one part of /proc that everybody may write to, for the whole host: triggers that the kernel
 * keeps and works for (Linux 5.2). */
static void protect_pressure(const char *proc) {
    char path[PATH_MAX];
    join_path(path, sizeof path, proc, "/pressure");
    if (access(path, F_OK) < 0)
        return;
    if (mount(path, path, NULL, MS_BIND, NULL) < 0)
        die("protect %s", path);
    restrict_one_mount(path, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
}

/* Something of an image's by one of these names would be mounted over what is built with, and the
 * host's root would stay. */
static void refuse_own_folders(const char *path) {
    static const char *const own[] = {OLD_ROOT, SCRATCH, ASK_FS};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        size_t length = strlen(own[i]);
        if (!strncmp(path, own[i], length) && (!path[length] || path[length] == '/'))
            die_plain("root: %.40s is the launcher's own", path);
    }
}

/* A template's processes are the host's, and so are those that it sees. */
static void mount_proc(const char *path, bool is_template) {
    make_folder(path, 0755);
    if (is_template) {
        if (mount(OLD_ROOT "/proc", path, NULL, MS_BIND | MS_REC, NULL) < 0)
            die("mount the host's /proc");
        return;
    }
    if (mount("proc", path, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        die("mount /proc");
    protect_pressure(path);
}

static void make_entry(const struct entry *entry, size_t number, bool is_template) {
    char path[PATH_MAX];
    refuse_own_folders(entry->path);
    join_path(path, sizeof path, "", entry->path);
    make_parents(path);
    switch (entry->kind) {
    case ENTRY_DIR:
        make_folder(path, entry->mode);
        break;
    case ENTRY_SYMLINK:
        if (symlink(entry->source, path) < 0)
            die("create link %s", entry->path);
        break;
    case ENTRY_FILE:
        make_file(path, entry);
        break;
    case ENTRY_BIND:
    case ENTRY_LEND:
    case ENTRY_MOUNT_RO:
        bind_host_path(entry, path, true);
        break;
    case ENTRY_MOUNT_RW:
        bind_host_path(entry, path, false);
        break;
    case ENTRY_MOUNT_COPY:
        copy_host_folder(entry, path, number);
        break;
    case ENTRY_DEVICE:
        bind_device(entry, path);
        break;
    case ENTRY_WRITABLE:
        bind_scratch_folder(entry, path, number);
        break;
    case ENTRY_PROC:
        mount_proc(path, is_template);
        break;
    case ENTRY_ASKED:
        bind_asked(entry, path);
        break;
    case ENTRY_PTS:
        make_folder(path, 0755);
        if (mount("devpts", path, "devpts", MS_NOSUID | MS_NOEXEC,
                  "newinstance,ptmxmode=0666,mode=0620,max=32") < 0)
            die("mount /dev/pts");
        break;
    }
}

/* Stands the process in a fresh tmpfs, with the host's root below it as a source for binds. */
static void enter_new_root(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        die("make mounts private");
    mount_tmpfs("/tmp", ROOT_OPTIONS);
    if (mkdir("/tmp" OLD_ROOT, 0700) < 0 || syscall(SYS_pivot_root, "/tmp", "/tmp" OLD_ROOT) < 0)
        die("enter the new root (inside a chroot the kernel refuses this)");
    if (chdir("/") < 0)
        die("enter the new root");
}

static void mount_scratch(const struct plan *plan) {
    char options[96];
    snprintf(options, sizeof options, "mode=0700,size=%" PRIu64 ",nr_inodes=%" PRIu64,
             plan->disk_bytes, plan->disk_inodes);
    if (mkdir(SCRATCH, 0700) < 0)
        die("create the scratch folder");
    mount_tmpfs(SCRATCH, options);
}

/* What was needed to build goes: the host's root with all that is mounted in it, and the way to the
 * whole scratch tmpfs. Nobody is below them, and nobody holds an fd in them. */
static void unmount_and_remove(const char *path) {
    if (umount2(path, MNT_DETACH) < 0 || rmdir(path) < 0)
        die("unmount %s", path);
}

void setup_root(const struct plan *plan, int fuse, int channel) {
    umask(0); /* the modes are the plan's */
    enter_new_root();
    mount_scratch(plan);
    if (plan->has_ask_fs)
        mount_ask_fs(fuse, channel);
    for (size_t i = 0; i < plan->entry_count; i++)
        make_entry(&plan->entries[i], i, plan->is_template);
    if (plan->has_ask_fs)
        unmount_and_remove(ASK_FS);
    unmount_and_remove(SCRATCH);
    unmount_and_remove(OLD_ROOT);
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
        die("make the root read-only");
}
