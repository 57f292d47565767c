/* Fills the writable folders: with bytes, or with empty files. argv[1]: bytes or inodes, argv[2]: MiB */
#include "attack.h"

int main(int argc, char **argv) {
    static const char *const all[] = {"/workspace", "/tmp", "/dev/shm", "/home/sandbox"};
    static char block[1 << 16];
    long limit = atol(argv[2]) << 20, written = 0, files = 0;
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 4; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/x", all[i]);
        if (!strcmp(argv[1], "bytes")) {
            int fd = open(path, O_CREAT | O_WRONLY, 0644);
            for (ssize_t put; (put = write(fd, block, sizeof block)) > 0;)
                written += put;
            fails("write more", write(fd, block, sizeof block));
        } else {
            for (int fd = 0; fd >= 0; files++) {
                snprintf(path, sizeof path, "%s/%0200ld", all[i], files);
                fd = open(path, O_CREAT | O_WRONLY, 0644);
                close(fd);
            }
            snprintf(path, sizeof path, "%s/another", all[i]);
            fails("make another file", open(path, O_CREAT | O_WRONLY, 0644));
        }
    }
    holds(written <= limit, "bytes end at the limit of all folders together");
    holds(files <= limit / 1024 + 4096, "inodes end too");
    return 1; /* so that the limit shows as the reason */
}
