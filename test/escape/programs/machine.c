/* Calls that act on the machine as such. */
#include "attack.h"
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

int main(void) {
    char zeros[256] = {0};
    REFUSED_CALL(kexec_load, 0L, 0L, NULL, 0L);
    REFUSED_CALL(kexec_file_load, -1, -1, 0L, "", 0L);
    REFUSED_CALL(init_module, zeros, sizeof zeros, "");
    REFUSED_CALL(finit_module, 0, "", 0);
    REFUSED_CALL(delete_module, "tmpfs", O_NONBLOCK);
    /* A wrong magic number: were the call let through, it would still do nothing. */
    REFUSED_CALL(reboot, 0, 0, 0, NULL);
    REFUSED_CALL(swapon, "/workspace/none", 0);
    REFUSED_CALL(swapoff, "/workspace/none");
    REFUSED_CALL(acct, "/tmp/acct");
    REFUSED_CALL(quotactl, 0, NULL, 0, NULL);
    refused("quotactl_fd", syscall(443, 0, 0, 0, NULL));
    REFUSED_CALL(syslog, 3, zeros, sizeof zeros);
    REFUSED_CALL(vhangup);
    REFUSED_CALL(settimeofday, NULL, NULL);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    refused("clock_settime", syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
    struct timex adjust = {.modes = ADJ_OFFSET};
    fails("adjtimex", adjtimex(&adjust));
    adjust = (struct timex){.modes = ADJ_TICK, .tick = 10000};
    fails("clock_adjtime", syscall(SYS_clock_adjtime, CLOCK_REALTIME, &adjust));
    refused("sethostname", sethostname("escaped", 7));
    REFUSED_CALL(setdomainname, "escaped", 7);
#ifdef __x86_64__
    REFUSED_CALL(iopl, 3);
    REFUSED_CALL(ioperm, 0x80, 1, 1);
    REFUSED_CALL(modify_ldt, 0, zeros, sizeof zeros);
#endif
    for (unsigned long persona = 1; persona < 0x20; persona++)
        refused("personality", syscall(SYS_personality, persona));
    refused("personality ADDR_NO_RANDOMIZE", syscall(SYS_personality, 0x0040000));
    refused("personality with high bits", syscall(SYS_personality, 0xff00040000ul));
    return done();
}
