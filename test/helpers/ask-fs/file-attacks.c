/*
 * file-attacks FILE SCRATCH: tries every way to the bytes of FILE that we know, and prints a line for
 * each: `WAY: REASON` or `WAY: LEAKED`. SCRATCH is a folder that it may write to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *file;

static void report(const char *way, int fd) {
    char bytes[64];
    const char *result = "LEAKED";
    if (fd < 0)
        result = strerrorname_np(errno);
    else if (read(fd, bytes, sizeof bytes) < 0)
        result = strerrorname_np(errno);
    printf("%s: %s\n", way, result);
    if (fd >= 0)
        close(fd);
}

static void *open_in_thread(void *unused) {
    int fd = open(file, O_RDONLY);
    if (fd >= 0)
        close(fd);
    return fd >= 0 ? &file : unused;
}

/* Without liburing: one entry, one completion. */
static int uring_open(void) {
    struct io_uring_params params = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
    if (ring < 0)
        return -1;
    size_t ring_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *rings = mmap(NULL, ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    struct io_uring_sqe *sqe =
        mmap(NULL, sizeof *sqe, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    if (rings == MAP_FAILED || sqe == MAP_FAILED)
        return -1;
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = IORING_OP_OPENAT;
    sqe->fd = AT_FDCWD;
    sqe->addr = (uintptr_t)file;
    ((uint32_t *)(rings + params.sq_off.array))[0] = 0;
    *(volatile uint32_t *)(rings + params.sq_off.tail) += 1;
    if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
        return -1;
    struct io_uring_cqe *cqe = (struct io_uring_cqe *)(rings + params.cq_off.cqes);
    errno = cqe->res < 0 ? -cqe->res : 0;
    return cqe->res;
}

static void try_path_descriptor(void) {
    struct open_how how = {.flags = O_RDONLY};
    int name = open(file, O_PATH);
    char path[64];
    if (name < 0) {
        report("O_PATH", name);
        return;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", name);
    report("through /proc/self/fd", open(path, O_RDONLY));
    snprintf(path, sizeof path, "/proc/thread-self/fd/%d", name);
    report("through /proc/thread-self/fd", open(path, O_RDONLY));
    report("openat2 of a descriptor", (int)syscall(SYS_openat2, name, "", &how, sizeof how));
    report("read of a descriptor", name);
}

static void try_other_names(const char *scratch) {
    char path[4096];
    snprintf(path, sizeof path, "%s/symbolic", scratch);
    report("own symbolic link", symlink(file, path) < 0 ? -1 : open(path, O_RDONLY));
    snprintf(path, sizeof path, "%s/hard", scratch);
    report("hard link elsewhere", link(file, path) < 0 ? -1 : open(path, O_RDONLY));
    snprintf(path, sizeof path, "%s-hard", file);
    report("hard link beside it", link(file, path) < 0 ? -1 : open(path, O_RDONLY));
    snprintf(path, sizeof path, "%s-moved", file);
    report("renamed", rename(file, path) < 0 ? -1 : open(path, O_RDONLY));
    snprintf(path, sizeof path, "%s/moved", scratch);
    report("renamed out", rename(file, path) < 0 ? -1 : open(path, O_RDONLY));
}

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    file = argv[1];
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct open_how how = {.flags = O_RDONLY};
    report("open", open(file, O_RDONLY));
    report("open for both", open(file, O_RDWR));
    report("O_DIRECT", open(file, O_RDONLY | O_DIRECT));
    report("openat2", (int)syscall(SYS_openat2, AT_FDCWD, file, &how, sizeof how));
    try_path_descriptor();
    try_other_names(argv[2]);
    report("io_uring", uring_open());
    printf("truncate: %s\n", truncate(file, 0) < 0 ? strerrorname_np(errno) : "LEAKED");
    pthread_t threads[8];
    int opened = 0;
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, open_in_thread, NULL);
    for (int i = 0; i < 8; i++) {
        void *result;
        pthread_join(threads[i], &result);
        opened += result != NULL;
    }
    printf("eight threads: %s\n", opened == 0 ? "EACCES" : "LEAKED");
    execl(file, file, (char *)0);
    printf("execve: %s\n", strerrorname_np(errno));
    return 0;
}
