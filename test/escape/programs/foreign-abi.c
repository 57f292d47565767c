/* The same kernel through other doors: 32-bit calls, x32 calls, numbers that nobody knows. */
#include "attack.h"
#include <setjmp.h>

static sigjmp_buf back;
static void on_signal(int number) {
    siglongjmp(back, number);
}

#ifdef __x86_64__
static long int80(long number, long a, long b) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b) : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static void try_int80(const char *what, long number, long a, long b) {
    int caught = sigsetjmp(back, 1);
    if (caught) {
        held("%s: signal %d", what, caught);
        return;
    }
    long result = int80(number, a, b);
    if (result < 0)
        errno = (int)-result;
    refused(what, result < 0 ? -1 : result);
}

static void foreign(void) {
    try_int80("ia32 getpid", 20, 0, 0);
    try_int80("ia32 unshare", 310, CLONE_NEWUSER, 0);
    try_int80("ia32 keyctl", 288, 0, -3);
    try_int80("ia32 mount", 21, 0, 0);
    try_int80("ia32 socketcall", 102, 1, 0);
    long x32 = 0x40000000;
    refused("x32 getpid", syscall(x32 + SYS_getpid));
    refused("x32 unshare", syscall(x32 + SYS_unshare, CLONE_NEWUSER));
    refused("x32 ptrace", syscall(x32 + 521, 0, 0, 0, 0));
    refused("x32 execve", syscall(x32 + 520, NULL, NULL, NULL));
}
#else
static void foreign(void) {
    for (int i = 0; i < 9; i++)
        held("this processor has no second system call table");
}
#endif

int main(void) {
    signal(SIGSEGV, on_signal);
    signal(SIGSYS, on_signal);
    signal(SIGILL, on_signal);
    foreign();
    for (long number = 468; number < 1100; number += number < 520 ? 1 : 37)
        refused("unknown call", syscall(number, 0, 0, 0, 0, 0, 0));
    refused("call -1", syscall(-1, 0, 0, 0, 0, 0, 0));
    refused("call 2^31", syscall(0x80000000l, 0, 0, 0, 0, 0, 0));
    refused("unshare with high bits in its number", syscall(0x100000000l | SYS_unshare, CLONE_NEWUSER));
    return done();
}
