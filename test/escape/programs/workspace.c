/* A writable folder of the host: out of it by links, names and races. argv: the secret file, its folder */
#include "attack.h"
#include <dirent.h>
#include <time.h>

int main(int argc, char **argv) {
    static const char *const lures[] = {"absolute", "relative", "inner/deep/relative", "shadow", "root/etc/shadow", "up/secret.txt",
                                        "../secret.txt", "inner/../../secret.txt", "up/up/up/etc/shadow"};
    for (size_t i = 0; i < sizeof lures / sizeof lures[0]; i++)
        fails(lures[i], open(lures[i], O_RDONLY));
    fails("make a hard link to /usr", link("/usr/bin/env", "linked"));
    fails("rename out of it", rename("given.txt", "/tmp/given.txt"));
    char path[4096];
    symlink(argv[1], "mine");
    fails("a link of its own", open("mine", O_RDWR));
    symlink("../open.txt", "mine-relative");
    fails("a relative link of its own", open("mine-relative", O_RDWR));
    int fd = open(".", O_RDONLY);
    fails("openat above it", openat(fd, "../secret.txt", O_RDONLY));
    fails("the parent's folder", openat(fd, "../workspace/../open.txt", O_RDWR));
    snprintf(path, sizeof path, "/proc/self/fd/%d/../secret.txt", fd);
    fails("above it by /proc", open(path, O_RDONLY));

    /* A folder that is exchanged for a link all the time, while it is walked up. */
    pid_t racer = fork();
    mkdir("race", 0755);
    mkdir("race/below", 0755);
    symlink("/", "swap");
    if (racer == 0)
        for (;;)
            syscall(SYS_renameat2, fd, "race", fd, "swap", 2 /* RENAME_EXCHANGE */);
    int won = 0;
    time_t end = time(NULL) + 2; /* slow file systems */
    for (int i = 0; i < 20000 && time(NULL) < end; i++) {
        int secret = open("race/below/../../../secret.txt", O_RDONLY);
        int shadow = open("race/etc/shadow", O_RDONLY);
        won += secret >= 0 || shadow >= 0;
    }
    kill(racer, SIGKILL);
    waitpid(racer, NULL, 0);
    holds(!won, "a race of renames");

    close(open("written", O_CREAT | O_WRONLY, 0666));
    struct stat status;
    holds(stat("written", &status) == 0 && status.st_uid == getuid(), "new files are its own");
    fails("make a device", mknod("device", S_IFCHR | 0666, 0x103));
    static char megabyte[1 << 20];
    signal(SIGXFSZ, SIG_IGN);
    int big = open("big", O_CREAT | O_WRONLY, 0644), written = 0;
    while (written < 64 && write(big, megabyte, sizeof megabyte) == sizeof megabyte)
        written++;
    holds(written <= 16, "a file ends at the disk limit");
    fails("a sparse file beyond it", ftruncate(big, 1l << 40));
    fails("fallocate beyond it", syscall(SYS_fallocate, big, 0, 0, 1l << 40));
    return done();
}
