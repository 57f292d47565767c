/* A filter of the program's own can only take away; nor do tracing or notifications give back. */
#include "attack.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

static long install(uint32_t action, unsigned flags) {
    struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, action),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {4, code};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void in_child(const char *what, uint32_t action, unsigned flags) {
    pid_t pid = fork();
    if (pid == 0) {
        if (install(action, flags) < 0)
            held("%s: the filter itself is refused: %s", what, strerror(errno));
        else if (action == SECCOMP_RET_ERRNO) {
            /* It may lie to itself, but not make it true. */
            char before[64] = "", after[64] = "";
            (void)!readlink("/proc/self/ns/user", before, sizeof before - 1);
            syscall(SYS_unshare, CLONE_NEWUSER);
            (void)!readlink("/proc/self/ns/user", after, sizeof after - 1);
            holds(!strcmp(before, after), what);
        } else
            refused(what, syscall(SYS_unshare, CLONE_NEWUSER));
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

#ifdef __x86_64__
/* The tracer turns getpid into unshare at the call's entry: the filter must look again. */
static void swap_call(long options, const char *what) {
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        if (options)
            install(SECCOMP_RET_TRACE, 0);
        long result = options ? syscall(SYS_unshare, 0x40000000) : syscall(SYS_getpid, CLONE_NEWUSER);
        _exit(result == -1 && errno == EPERM ? 10 : result == 0 ? 11 : 12);
    }
    int status, swapped = 0;
    waitpid(pid, &status, 0);
    if (options)
        ptrace(PTRACE_SETOPTIONS, pid, 0, options);
    for (int steps = 0; steps < 200; steps++) {
        ptrace(options ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, 0);
        if (waitpid(pid, &status, 0) < 0 || WIFEXITED(status) || WIFSIGNALED(status))
            break;
        struct user_regs_struct registers;
        if (ptrace(PTRACE_GETREGS, pid, 0, &registers) == 0 && !swapped &&
            (registers.orig_rax == SYS_getpid || registers.orig_rax == SYS_unshare) &&
            registers.rdi) {
            registers.orig_rax = SYS_unshare;
            registers.rdi = CLONE_NEWUSER;
            ptrace(PTRACE_SETREGS, pid, 0, &registers);
            swapped = 1;
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 10)
        held("%s: %s", what, swapped ? "looked at again" : "refused before the tracer saw it");
    else
        escaped("%s: status %x, swapped %d", what, status, swapped);
}
#else
static void swap_call(long options, const char *what) {
    held("%s: not written for this processor (%ld)", what, options);
}
#endif

int main(void) {
    in_child("filter that allows", SECCOMP_RET_ALLOW, 0);
    in_child("filter that logs", SECCOMP_RET_LOG, 0);
    in_child("filter that asks a tracer", SECCOMP_RET_TRACE, 0);
    in_child("filter that asks a listener", SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    in_child("filter that fakes success by errno 0", SECCOMP_RET_ERRNO, 0);
    swap_call(0, "call swapped by a tracer");
    swap_call(PTRACE_O_TRACESECCOMP, "call swapped after a trace filter");
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    fails("suspend seccomp of a child", ptrace(PTRACE_SEIZE, pid, 0, 1 << 21 /* PTRACE_O_SUSPEND_SECCOMP */));
    kill(pid, SIGKILL);
    return done();
}
