/* Capabilities, ids and the flags that guard them. */
#include "attack.h"
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int main(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct all[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}}, own[2];
    fails("capset", syscall(SYS_capset, &header, all));
    syscall(SYS_capget, &header, own);
    holds(!own[0].effective && !own[0].permitted && !own[0].inheritable && !own[1].permitted, "no capability");
    int bounding = 0;
    for (int capability = 0; capability < 64; capability++)
        bounding |= prctl(PR_CAPBSET_READ, capability) == 1;
    holds(!bounding, "empty bounding set");
    fails("raise an ambient capability", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
    fails("set secure bits", prctl(PR_SET_SECUREBITS, 0x2f));
    fails("clear no_new_privs", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    holds(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs stays");
    fails("leave seccomp", prctl(PR_SET_SECCOMP, 0, 0));
    fails("replace the exe link", prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, open("/usr/bin/env", O_RDONLY), 0, 0));
    fails("setuid 0", setuid(0));
    fails("setresuid 0", setresuid(0, 0, 0));
    fails("setgid 0", setgid(0));
    fails("setresgid 65534", setresgid(65534, 65534, 65534));
    gid_t groups[64] = {0};
    fails("setgroups", setgroups(1, groups));
    setfsuid(0);
    holds(setfsuid(-1) != 0, "setfsuid 0");
    setfsgid(0);
    holds(setfsgid(-1) != 0, "setfsgid 0");
    int count = getgroups(64, groups);
    /* 65534: a group of the host that the namespace has no name for. */
    int foreign = 0;
    for (int i = 0; i < count; i++)
        foreign += groups[i] != getgid();
    holds(!foreign, "no supplementary group of the host");
    setpriority(PRIO_PROCESS, 0, -20);
    holds(getpriority(PRIO_PROCESS, 0) >= 0, "no better priority");
    struct sched_param first = {.sched_priority = 1};
    fails("real-time scheduling", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &first));
    struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
    static const int raised[] = {RLIMIT_NOFILE, RLIMIT_STACK, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_CORE,
                                 RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_SIGPENDING};
    for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++)
        fails("raise a limit", setrlimit(raised[i], &more));
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    fails("make itself safe from the OOM killer", fd < 0 ? -1 : write(fd, "-1000", 5));
    return done();
}
