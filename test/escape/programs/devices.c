/* Devices: to make, to find, to change. */
#include "attack.h"
#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

int main(void) {
    static const struct {
        const char *name;
        mode_t kind;
        int major, minor;
    } nodes[] = {{"mem", S_IFCHR, 1, 1},     {"kmsg", S_IFCHR, 1, 11},  {"null", S_IFCHR, 1, 3},
                 {"fuse", S_IFCHR, 10, 229}, {"kvm", S_IFCHR, 10, 232}, {"sda", S_IFBLK, 8, 0},
                 {"vda", S_IFBLK, 254, 0},   {"loop", S_IFBLK, 7, 0},   {"vsock", S_IFCHR, 10, 122}};
    static const char *const places[] = {"/tmp", "/workspace", "/dev/shm", "/home/sandbox"};
    char path[300];
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        for (size_t j = 0; j < 4; j++) {
            snprintf(path, sizeof path, "%s/node", places[j]);
            fails(nodes[i].name, mknod(path, nodes[i].kind | 0666, makedev(nodes[i].major, nodes[i].minor)));
        }
    mknod("/tmp/whiteout", S_IFCHR | 0666, 0); /* device 0:0 is allowed to all, and opens nothing */
    fails("device 0:0", open("/tmp/whiteout", O_RDWR));

    DIR *dev = opendir("/dev");
    for (struct dirent *entry; dev && (entry = readdir(dev));) {
        static const char *const known = " . .. null zero full random urandom tty fd stdin stdout stderr pts ptmx shm ";
        snprintf(path, sizeof path, " %s ", entry->d_name);
        if (!strstr(known, path))
            escaped("/dev/%s is there", entry->d_name);
    }
    held("/dev has only what it should");

    static const char *const given[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
    struct timeval past[2] = {{1, 0}, {1, 0}};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        fails("chmod", chmod(given[i], 0600));
        fails("chown", chown(given[i], 1000, 1000));
        fails("set the times", utimes(given[i], past));
        fails("touch", utimes(given[i], NULL));
        fails("unlink", unlink(given[i]));
        fails("rename", rename(given[i], "/tmp/moved"));
        fails("link", link(given[i], "/tmp/linked"));
        fails("set an attribute", syscall(SYS_setxattr, given[i], "user.x", "x", 1, 0));
    }
    int random = open("/dev/random", O_RDWR), bits = 4096;
    fails("RNDADDTOENTCNT", ioctl(random, 0x40045201, &bits));
    fails("RNDCLEARPOOL", ioctl(random, 0x5206));
    fails("RNDRESEEDCRNG", ioctl(random, 0x5207));
    return done();
}
