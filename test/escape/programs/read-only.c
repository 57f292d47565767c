/* Every way to change what is mounted read-only. argv: folders */
#include "attack.h"
#include <sys/time.h>

static void attack(const char *folder) {
    char file[512], other[512], link_path[512];
    snprintf(file, sizeof file, "%s/escape-probe", folder);
    snprintf(other, sizeof other, "%s/escape-other", folder);
    snprintf(link_path, sizeof link_path, "%s/escape-link", folder);
    fails(file, open(file, O_CREAT | O_WRONLY, 0644));
    fails("O_TMPFILE", open(folder, O_TMPFILE | O_RDWR, 0644));
    fails("mkdir", mkdir(other, 0755));
    fails("symlink", symlink("/tmp", link_path));
    fails("mkfifo", mkfifo(other, 0644));
    fails("chmod", chmod(folder, 0777));
    fails("chown", chown(folder, 1000, 1000));
    fails("utimes", utimes(folder, NULL));
    fails("rmdir", rmdir(folder));
    fails("rename", rename(folder, "/tmp/moved"));
    fails("rename over it", rename("/tmp/mine", file));
    fails("exchange", syscall(SYS_renameat2, AT_FDCWD, "/tmp/mine", AT_FDCWD, folder, 2));
    fails("hard link into it", link("/tmp/mine", file));
    fails("attribute", syscall(SYS_setxattr, folder, "user.x", "x", 1, 0));
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    fails("bind a socket", bind(sock, (struct sockaddr *)&address, sizeof address));
    char fd_path[64];
    int fd = open(folder, O_RDONLY);
    snprintf(fd_path, sizeof fd_path, "/proc/self/fd/%d/escape-probe", fd);
    fails("by /proc/self/fd", open(fd_path, O_CREAT | O_WRONLY, 0644));
}

static void attack_file(const char *file) {
    fails(file, open(file, O_WRONLY));
    fails("append", open(file, O_WRONLY | O_APPEND));
    fails("open truncating", open(file, O_RDONLY | O_TRUNC));
    fails("truncate", truncate(file, 0));
    fails("unlink", unlink(file));
    fails("chmod", chmod(file, 0777));
    fails("hard link out of it", link(file, "/tmp/linked"));
    int fd = open(file, O_RDONLY);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    fails("reopen for writing", open(path, O_RDWR));
    fails("shared writable mapping", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    fails("mprotect to writable", map == MAP_FAILED ? -1 : mprotect(map, 4096, PROT_READ | PROT_WRITE));
    fails("fallocate", syscall(SYS_fallocate, fd, 0, 0, 4096));
    fails("futimens", futimens(fd, NULL));
    fails("fchmod", fchmod(fd, 0777));
}

int main(int argc, char **argv) {
    close(open("/tmp/mine", O_CREAT | O_WRONLY, 0644));
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) < 0)
            escaped("%s is not there", argv[i]);
        else if (S_ISDIR(status.st_mode))
            attack(argv[i]);
        else
            attack_file(argv[i]);
    }
    return done();
}
