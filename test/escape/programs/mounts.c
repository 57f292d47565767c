/* Everything that changes what is mounted where. */
#include "attack.h"
#include <sys/mount.h>

int main(void) {
    refused("mount tmpfs", mount("none", "/tmp", "tmpfs", 0, ""));
    refused("mount proc", mount("proc", "/tmp", "proc", 0, ""));
    refused("mount sysfs", mount("sysfs", "/tmp", "sysfs", 0, ""));
    refused("mount cgroup", mount("cgroup", "/tmp", "cgroup", 0, "memory"));
    refused("mount cgroup2", mount("cgroup2", "/tmp", "cgroup2", 0, ""));
    refused("mount overlay", mount("o", "/tmp", "overlay", 0, "lowerdir=/usr:/etc"));
    refused("bind /", mount("/", "/tmp", NULL, MS_BIND | MS_REC, NULL));
    refused("remount / writable", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
    refused("remount /usr writable", mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
    refused("remount /tmp larger", mount(NULL, "/tmp", NULL, MS_REMOUNT, "size=8g"));
    refused("make / shared", mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL));
    refused("move a mount", mount("/tmp", "/workspace", NULL, MS_MOVE, NULL));
    refused("umount /proc", umount2("/proc", MNT_DETACH));
    refused("umount /", umount2("/", MNT_DETACH));
    REFUSED_CALL(pivot_root, "/tmp", "/tmp");
    refused("chroot", chroot("/tmp"));
    refused("open_tree", syscall(428, AT_FDCWD, "/", 1));
    refused("move_mount", syscall(429, AT_FDCWD, "/tmp", AT_FDCWD, "/workspace", 0));
    refused("fsopen tmpfs", syscall(430, "tmpfs", 0));
    refused("fsconfig", syscall(431, 0, 6, NULL, NULL, 0));
    refused("fsmount", syscall(432, 0, 0, 0));
    refused("fspick", syscall(433, AT_FDCWD, "/", 0));
    uint64_t attributes[4] = {0, 1, 0, 0};
    refused("mount_setattr", syscall(442, AT_FDCWD, "/usr", 0, attributes, sizeof attributes));
    refused("statmount", syscall(457, NULL, NULL, 0, 0));
    refused("listmount", syscall(458, NULL, NULL, 0, 0));
    refused("open_tree_attr", syscall(467, AT_FDCWD, "/", 1, attributes, sizeof attributes));
    return done();
}
