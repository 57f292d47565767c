/* Takes memory in every way at once: files of all folders, pipes, plain pages. argv[1]: MiB in all */
#include "attack.h"
#include <sys/ioctl.h>

int main(int argc, char **argv) {
    static const char *const all[] = {"/workspace/x", "/tmp/x", "/dev/shm/x", "/home/sandbox/x"};
    static char block[1 << 20];
    long limit = atol(argv[1]), taken = 0;
    memset(block, 'x', sizeof block);
    trying("to add up");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++) {
            int fd = open(all[i], O_CREAT | O_WRONLY | O_APPEND, 0644);
            for (int n = 0; n < 16 && write(fd, block, sizeof block) == sizeof block; n++)
                taken++;
            close(fd);
        }
        for (int n = 0; n < 16; n++, taken++) {
            char *page = mmap(NULL, sizeof block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (page == MAP_FAILED)
                return 1;
            memset(page, 'y', sizeof block);
        }
        long in_pipes = 0;
        for (int fds[2]; pipe2(fds, O_NONBLOCK) == 0;) {
            fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
            for (ssize_t put; (put = write(fds[1], block, 65536)) > 0;)
                in_pipes += put;
        }
        taken += in_pipes >> 20;
    }
    for (; taken < 2 * limit; taken++) {
        char *page = mmap(NULL, sizeof block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED)
            return 1;
        memset(page, 'y', sizeof block);
    }
    usleep(300000);
    escaped("%ld MiB were taken", taken);
    return 0;
}
