/*
 * A folder of the user that the program sees a copy of: overlayfs over it, whose upper layer is a part
 * of the scratch tmpfs. Nothing that a program does can reach the lower layer: the kernel never writes
 * there. All that is written counts against the disk limit.
 *
 * It is mounted in the sandbox's own user namespace (Linux 5.11), so its notes are attributes of users,
 * which tmpfs has since Linux 6.6. Manual: Documentation/filesystems/overlayfs.rst.
 */
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* From <linux/mount.h>, which can't be included beside every libc's <sys/mount.h>. */
#define MOVE_EMPTY_SOURCE 0x4 /* MOVE_MOUNT_F_EMPTY_PATH */

/* Where a folder of the host is mounted, its text can't be a part of the overlay's options. */
static void part_of(char *buffer, size_t size, const char *scratch, const char *name) {
    if ((size_t)snprintf(buffer, size, "%s/%s", scratch, name) >= size)
        die_plain("copy: path too long: %.100s…", scratch);
}

static void make_part(char *buffer, size_t size, const char *scratch, const char *name) {
    part_of(buffer, size, scratch, name);
    if (mkdir(buffer, 0700) < 0)
        die("copy: create folder %s", name);
}

/* Alone, without what is mounted below it: an overlay would show what lies under those mounts, so the
 * kernel refuses it to an ordinary user. */
static void mount_lower(const struct entry *entry, const char *lower, const char *host_path) {
    if (entry->mount_fd >= 0) {
        if (syscall(SYS_move_mount, entry->mount_fd, "", AT_FDCWD, lower, MOVE_EMPTY_SOURCE) < 0)
            die("copy: mount %s", entry->source);
    } else if (mount(host_path, lower, NULL, MS_BIND, NULL) < 0) {
        if (errno == EINVAL)
            die_plain("copy: another file system is mounted in %s", entry->source);
        die("copy: mount %s", entry->source);
    }
}

/* What the folder itself is like must look as it did: the upper layer's word counts. */
static void prepare_upper(const char *lower, const char *upper) {
    struct stat status;
    if (stat(lower, &status) < 0)
        die("copy: look at the folder");
    if (chmod(upper, status.st_mode & 0777) < 0)
        die("copy: set the mode of the folder");
    if (setxattr(upper, "user.overlay.glovebox", "y", 1, 0) < 0 ||
        removexattr(upper, "user.overlay.glovebox") < 0)
        die_plain("copy: this kernel's tmpfs keeps no user attributes (Linux 6.6)");
}

static void bind_changes(const struct entry *entry, const char *upper) {
    char changes[PATH_MAX];
    if ((size_t)snprintf(changes, sizeof changes, "%s", entry->content) >= sizeof changes)
        die_plain("copy: path too long: %.100s…", entry->content);
    make_parents(changes);
    if (mkdir(changes, 0755) < 0 && errno != EEXIST)
        die("copy: create folder %s", changes);
    if (mount(upper, changes, NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, changes, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) <
            0)
        die("copy: show the changes at %s", changes);
}

void mount_copy(const struct entry *entry, const char *path, const char *host_path,
                const char *scratch) {
    char lower[64], upper[64], work[64], options[256];
    if (mkdir(scratch, 0700) < 0)
        die("copy: create its folder");
    make_part(lower, sizeof lower, scratch, "lower");
    make_part(upper, sizeof upper, scratch, "upper");
    make_part(work, sizeof work, scratch, "work");
    mount_lower(entry, lower, host_path);
    prepare_upper(lower, upper);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        die("copy: create folder %s", path);
    /* Without `userxattr` it would keep no notes at all, and deleted folders would come back. */
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s,userxattr", lower, upper,
             work);
    if (mount("overlay", path, "overlay", MS_NOSUID | MS_NODEV, options) < 0)
        die("copy: mount an overlay over %s", entry->source);
    bind_changes(entry, upper);
}
