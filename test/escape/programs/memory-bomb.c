/*
 * Memory of every kind, in MiB steps up to 320 MiB. argv[1]: the kind, argv[2]: the limit in MiB.
 * What can be held far beyond the limit has escaped it.
 */
#include "attack.h"
#include <netinet/in.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define MIB (1l << 20)
#define MOST 320

static char filling[MIB];

static bool private_memory(void) {
    char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    memset(memory, 1, MIB);
    return true;
}

/* Shared memory stays when its pages are unmapped from the process: its own figures are zero. */
static bool shared_memory(void) {
    char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    memset(memory, 1, MIB);
    madvise(memory, MIB, MADV_DONTNEED);
    return true;
}

static bool mapped_shared_memory(void) {
    char *memory = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    memset(memory, 1, MIB);
    return true;
}

static bool memory_file(void) {
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("x", 0);
    return fd >= 0 && write(fd, filling, MIB) == MIB;
}

static bool small_memory_files(void) {
    int fd = memfd_create("x", 0);
    return fd >= 0 && write(fd, filling, MIB) == MIB;
}

static bool sysv_memory(void) {
    int id = shmget(IPC_PRIVATE, MIB, IPC_CREAT | 0600);
    char *memory = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
    if (memory == (void *)-1)
        return false;
    memset(memory, 1, MIB);
    shmdt(memory);
    return true;
}

static bool sysv_semaphores(void) { /* 32 bytes and more for each */
    return semget(IPC_PRIVATE, 16384, IPC_CREAT | 0600) >= 0;
}

static bool sysv_messages(void) {
    int id = -1;
    for (int sent = 0; sent < 128; sent++) {
        if (id < 0)
            id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
        *(long *)filling = 1;
        if (id < 0)
            return false;
        if (msgsnd(id, filling, 8184, IPC_NOWAIT) < 0)
            id = -1, sent--;
    }
    return true;
}

/* The zero page costs nothing, but the table that leads to it does. */
static bool page_tables(void) {
    char *memory = mmap(NULL, 256 * 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    madvise(memory, 256 * 2 * MIB, MADV_NOHUGEPAGE);
    for (long at = 0; at < 256; at++)
        (void)*(volatile char *)(memory + at * 2 * MIB);
    return true;
}

/* Fills a socket pair in both directions; forks when the process has no fd left. */
static bool fill_pairs(int (*make)(int[2]), long *held_bytes) {
    for (long filled = 0; filled < MIB;) {
        int pair[2];
        if (make(pair) < 0) {
            if (errno != EMFILE)
                return false;
            int ready[2];
            if (fork() == 0)
                for (;;) /* holds what is open; the parent starts anew */
                    pause();
            for (int fd = 3; fd < 1024; fd++)
                close(fd);
            static int generations;
            if (++generations > 28)
                return false;
            continue;
        }
        for (int side = 0; side < 2; side++) {
            fcntl(pair[side], F_SETFL, O_NONBLOCK);
            int size = 8 * MIB;
            setsockopt(pair[side], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
            fcntl(pair[side], F_SETPIPE_SZ, MIB);
            for (ssize_t put; filled < MIB && (put = write(pair[side], filling, 65536)) > 0;)
                filled += put;
        }
        *held_bytes += filled;
    }
    return true;
}

static long in_buffers;
static int make_pipe(int pair[2]) {
    if (pipe(pair) < 0)
        return -1;
    int write_end = pair[1];
    pair[1] = pair[0];
    pair[0] = write_end;
    return 0;
}
static int make_unix(int pair[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}
static int make_tcp(int pair[2]) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (listener < 0)
        return -1;
    bind(listener, (void *)&address, length);
    listen(listener, 1);
    getsockname(listener, (void *)&address, &length);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    int result = pair[0] < 0 ? -1 : connect(pair[0], (void *)&address, length);
    pair[1] = result < 0 ? -1 : accept(listener, NULL, NULL);
    int error = errno;
    close(listener);
    if (pair[1] < 0)
        close(pair[0]);
    errno = error;
    return pair[1] < 0 ? -1 : 0;
}
static bool pipes(void) {
    return fill_pairs(make_pipe, &in_buffers);
}
static bool unix_sockets(void) {
    return fill_pairs(make_unix, &in_buffers);
}
static bool tcp_sockets(void) {
    return fill_pairs(make_tcp, &in_buffers);
}

/* A byte-range lock is some 200 bytes of the kernel's memory. */
static bool file_locks(void) {
    static long next;
    static int fd = -1;
    if (fd < 0)
        fd = open("/tmp/locked", O_CREAT | O_RDWR, 0600);
    for (int count = 0; count < 5000; count++) {
        struct flock lock = {.l_type = F_WRLCK, .l_start = next += 2, .l_len = 1};
        if (fcntl(fd, F_SETLK, &lock) < 0)
            return false;
    }
    return true;
}

static bool many_processes(void) {
    if (waitpid(-1, NULL, WNOHANG) > 0) /* killed for its memory */
        return false;
    if (fork() == 0) {
        for (int i = 0; i < 16; i++)
            private_memory();
        for (;;)
            pause();
    }
    usleep(20000);
    return waitpid(-1, NULL, WNOHANG) <= 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        bool (*take)(void);
        int mib;
    } kinds[] = {{"private", private_memory, 1},     {"shared", shared_memory, 1},
                 {"mapped-shared", mapped_shared_memory, 1}, {"file", memory_file, 1},
                 {"small-files", small_memory_files, 1}, {"sysv", sysv_memory, 1},
                 {"semaphores", sysv_semaphores, 1}, {"messages", sysv_messages, 1},
                 {"page-tables", page_tables, 1},    {"pipes", pipes, 1},
                 {"unix", unix_sockets, 1},          {"tcp", tcp_sockets, 1},
                 {"locks", file_locks, 1},           {"processes", many_processes, 16}};
    long limit = atol(argv[2]), got = 0;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!strcmp(argv[1], kinds[i].name)) {
            trying("to hold %s beyond %ld MiB", argv[1], limit);
            while (got < MOST && kinds[i].take())
                got += kinds[i].mib;
        }
    usleep(300000); /* whoever looks now and then shall have looked */
    if (!strcmp(argv[1], "processes"))
        while (waitpid(-1, NULL, WNOHANG) > 0)
            got -= 16; /* was killed, and its memory with it */
    if (got > limit + limit / 2)
        escaped("holds %ld MiB of %s", got, argv[1]);
    else
        held("was refused more after %ld MiB of %s: %s", got, argv[1], strerror(errno));
    return done();
}
