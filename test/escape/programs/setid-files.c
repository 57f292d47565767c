/* A set-user-ID file on a writable host folder would outlive the sandbox. */
#include "attack.h"

int main(void) {
    int fd = open("plain", O_CREAT | O_RDWR, 0755);
    mkdir("folder", 0755);
    static const mode_t bits[] = {04755, 02755, 06777};
    for (int i = 0; i < 3; i++) {
        mode_t mode = bits[i];
        refused("chmod", chmod("plain", mode));
        refused("fchmod", fchmod(fd, mode));
        refused("fchmodat", fchmodat(AT_FDCWD, "plain", mode, 0));
        refused("fchmodat2", syscall(452, AT_FDCWD, "plain", mode, 0));
        refused("chmod with high bits", syscall(SYS_fchmodat, AT_FDCWD, "plain", 0xff00000000ul | mode));
        refused("chmod of a folder", chmod("folder", mode));
        refused("open", open("made", O_CREAT | O_WRONLY, mode));
        refused("openat", openat(AT_FDCWD, "made", O_CREAT | O_WRONLY, mode));
        refused("O_TMPFILE", open(".", O_TMPFILE | O_RDWR, mode));
        uint64_t how[3] = {O_CREAT | O_WRONLY, mode, 0};
        refused("openat2", syscall(437, AT_FDCWD, "made", how, sizeof how));
        refused("mkdirat", mkdirat(AT_FDCWD, "made-folder", mode));
        refused("mknodat", mknodat(AT_FDCWD, "made-file", S_IFREG | mode, 0));
#ifdef __x86_64__
        refused("creat", syscall(SYS_creat, "made", mode));
        refused("mkdir", syscall(SYS_mkdir, "made-folder", mode));
        refused("mknod", syscall(SYS_mknod, "made-file", S_IFREG | mode, 0));
#endif
        int sock = socket(AF_UNIX, SOCK_STREAM, 0);
        refused("fchmod of a socket to be bound", fchmod(sock, mode));
        close(sock);
    }
    /* Version 3 of security.capability, with all capabilities permitted. */
    uint32_t capability[6] = {0x03000001, ~0u, ~0u, ~0u, ~0u, 0};
    fails("file capability", syscall(SYS_fsetxattr, fd, "security.capability", capability, 24, 0));
    uint32_t old[5] = {0x02000001, ~0u, ~0u, ~0u, ~0u};
    fails("file capability, version 2", syscall(SYS_fsetxattr, fd, "security.capability", old, 20, 0));
    fails("trusted attribute", syscall(SYS_fsetxattr, fd, "trusted.x", "x", 1, 0));
    fails("give the file away", fchown(fd, 0, 0));
    fails("give its group away", fchown(fd, -1, 0));
    struct stat status;
    fstat(fd, &status);
    holds((status.st_mode & 07777) == 0755, "the file is as it was");
    return done();
}
