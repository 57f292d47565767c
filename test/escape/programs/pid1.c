/* The only process of ours that the program sees. argv[1]: `quiet` for no signals. */
#include "attack.h"
#include <dirent.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

static void files_of_pid1(void) {
    static const char *const names[] = {
        "mem", "environ", "maps", "smaps", "pagemap", "auxv", "syscall", "stack", "personality", "io",
        "cwd", "root", "exe", "fd", "fdinfo", "map_files", "ns/mnt", "ns/user", "cwd/etc", "root/etc/shadow"};
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "/proc/1/%s", names[i]);
        int fd = open(path, O_RDONLY);
        char byte;
        if (fd >= 0 && read(fd, &byte, 1) < 0 && errno != EISDIR) {
            held("read %s: %s", path, strerror(errno));
            close(fd);
        } else {
            fails(path, fd);
        }
    }
    static const char *const writable[] = {
        "mem", "oom_score_adj", "oom_adj", "comm", "clear_refs", "timerslack_ns", "autogroup", "coredump_filter",
        "attr/current", "loginuid", "setgroups", "uid_map", "gid_map", "sched", "make-it-fail", "reset_auxv"};
    for (size_t i = 0; i < sizeof writable / sizeof writable[0]; i++) {
        snprintf(path, sizeof path, "/proc/1/%s", writable[i]);
        int fd = open(path, O_WRONLY);
        fails(path, fd < 0 ? -1 : write(fd, "1", 1));
    }
    snprintf(path, sizeof path, "/proc/1/task/1/mem");
    fails(path, open(path, O_RDWR));
}

static void signals(void) {
    for (int number = 1; number < 65; number++)
        if (number != 32 && number != 33)
            kill(1, number);
    int pidfd = (int)syscall(SYS_pidfd_open, 1, 0);
    static const int hard[] = {SIGKILL, SIGSTOP, SIGTERM, SIGCHLD, SIGSEGV};
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        syscall(SYS_pidfd_send_signal, pidfd, hard[i], NULL, 0);
        syscall(SYS_tgkill, 1, 1, hard[i]);
        union sigval value = {.sival_int = 1};
        sigqueue(1, hard[i], value);
    }
    siginfo_t forged = {.si_signo = SIGCHLD, .si_code = -1, .si_pid = getpid()};
    syscall(SYS_rt_sigqueueinfo, 1, SIGCHLD, &forged);
    holds(kill(1, 0) == 0, "pid 1 takes every signal and lives on");
    refused("pidfd_getfd of pid 1", syscall(SYS_pidfd_getfd, pidfd, 3, 0));
    struct iovec part = {(void *)0x400000, 4096};
    fails("process_madvise of pid 1", syscall(SYS_process_madvise, pidfd, &part, 1, 21, 0));
    fails("process_mrelease of pid 1", syscall(448, pidfd, 0));
}

int main(int argc, char **argv) {
    refused("PTRACE_ATTACH", ptrace(PTRACE_ATTACH, 1, 0, 0));
    refused("PTRACE_SEIZE", ptrace(PTRACE_SEIZE, 1, 0, 0));
    static char buffer[64];
    struct iovec local = {buffer, sizeof buffer}, remote = {(void *)0x400000, sizeof buffer};
    refused("process_vm_readv", process_vm_readv(1, &local, 1, &remote, 1, 0));
    refused("process_vm_writev", process_vm_writev(1, &local, 1, &remote, 1, 0));
    struct rlimit none = {0, 0};
    for (int resource = 0; resource < 16; resource++)
        refused("prlimit of pid 1", prlimit(1, resource, &none, NULL));
    refused("prlimit with high bits", syscall(SYS_prlimit64, 0x100000001l, RLIMIT_NOFILE, &none, NULL));
    REFUSED_CALL(kcmp, 1, getpid(), 0, 0, 0);
    REFUSED_CALL(move_pages, 1, 0L, NULL, NULL, NULL, 0);
    REFUSED_CALL(migrate_pages, 1, 0L, NULL, NULL);
    long head, length;
    refused("get_robust_list", syscall(SYS_get_robust_list, 1, &head, &length));
    fails("setpgid", setpgid(1, 0));
    files_of_pid1();
    if (argc < 2)
        signals();
    return done();
}
