/*
 * The system calls that the program goes without, each with its reason. Included by seccomp.c only.
 *
 * A call that is refused fails with EPERM, as for want of a privilege, or with ENOSYS where libraries
 * then use an older call. Calls newer than this list are refused as unknown (ENOSYS).
 */
#ifndef SECCOMP_RULES_H
#define SECCOMP_RULES_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Calls whose names the headers of older systems lack; above 423 all architectures agree. */
enum {
    NR_OPEN_TREE = 428,
    NR_MOVE_MOUNT = 429,
    NR_FSOPEN = 430,
    NR_FSCONFIG = 431,
    NR_FSMOUNT = 432,
    NR_FSPICK = 433,
    NR_CLONE3 = 435,
    NR_OPENAT2 = 437,
    NR_PIDFD_GETFD = 438,
    NR_MOUNT_SETATTR = 442,
    NR_MEMFD_SECRET = 447,
    NR_QUOTACTL_FD = 443,
    NR_FCHMODAT2 = 452,
    NR_STATMOUNT = 457,
    NR_LISTMOUNT = 458,
    NR_LSM_SET_SELF_ATTR = 460,
    NR_OPEN_TREE_ATTR = 467,
    NR_LAST_KNOWN = 467, /* Linux 6.15 */
};

#define NEW_NAMESPACES                                                                             \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |     \
     CLONE_NEWCGROUP | 0x80 /* CLONE_NEWTIME */)
#define SET_ID_BITS (S_ISUID | S_ISGID)

/* What of a call is looked at. */
enum test {
    ALWAYS,            /* the call as such */
    ANY_BIT,           /* refused if the argument has any bit of `value` */
    CREATES_WITH_BIT,  /* ANY_BIT of a mode, if the flags before it say that a file is created */
    EQUAL,             /* refused if the argument is `value` */
    NOT_EQUAL,         /* refused if it is not */
    NOT_SOCKET_FAMILY, /* refused if it is none of the families below */
    NETLINK_PROTOCOL,  /* refused if the family is netlink and the protocol is not routing */
    NOT_NULL,      /* the argument is a pointer to something; all of its 64 bits are looked at */
    INET_PROTOCOL, /* refused if the family is inet and it is none of the protocols below */
};

/* In place of an error: somebody else answers the call, see notify.c. */
enum { ASK = -1 };

struct rule {
    int nr;
    int error;
    enum test test;
    int argument; /* its index; only its low 32 bits are looked at */
    uint32_t value;
};

#define REFUSE(name)                                                                               \
    { .nr = SYS_##name, .error = EPERM }
#define REFUSE_NR(number)                                                                          \
    { .nr = number, .error = EPERM }
#define ABSENT_NR(number)                                                                          \
    { .nr = number, .error = ENOSYS }
#define REFUSE_BITS(name, index, bits)                                                             \
    { .nr = SYS_##name, .error = EPERM, .test = ANY_BIT, .argument = index, .value = bits }
#define REFUSE_VALUE(name, index, wanted)                                                          \
    { .nr = SYS_##name, .error = EPERM, .test = EQUAL, .argument = index, .value = wanted }

/* Rules of one call stand together; build_filter() sorts the calls. */
static const struct rule common_rules[] = {
    /* A namespace of its own gives the program capabilities again, and with them most of the
     * kernel's once root-only code. clone3 passes its flags in memory, where no filter can look. */
    REFUSE(unshare),
    REFUSE(setns),
    REFUSE_BITS(clone, 0, NEW_NAMESPACES),
    ABSENT_NR(NR_CLONE3),

    /* Mounts: needs a capability that it does not have; refused here too. */
    REFUSE(mount),
    REFUSE(umount2),
    REFUSE(pivot_root),
    REFUSE(chroot),
    REFUSE_NR(NR_OPEN_TREE),
    REFUSE_NR(NR_OPEN_TREE_ATTR),
    REFUSE_NR(NR_MOVE_MOUNT),
    REFUSE_NR(NR_FSOPEN),
    REFUSE_NR(NR_FSCONFIG),
    REFUSE_NR(NR_FSMOUNT),
    REFUSE_NR(NR_FSPICK),
    REFUSE_NR(NR_MOUNT_SETATTR),
    REFUSE_NR(NR_STATMOUNT),
    REFUSE_NR(NR_LISTMOUNT),

    /* A file handle names a file of the host's file system whatever is mounted where. */
    REFUSE(open_by_handle_at),
    REFUSE(name_to_handle_at),
    REFUSE(fanotify_init),

    /* Keyrings belong to no namespace. */
    REFUSE(keyctl),
    REFUSE(add_key),
    REFUSE(request_key),

    /* Large parts of the kernel with a history of holes, of no use to an ordinary program. */
    REFUSE(bpf),
    REFUSE(perf_event_open),
    REFUSE(userfaultfd),
    ABSENT_NR(SYS_io_uring_setup),
    ABSENT_NR(SYS_io_uring_enter),
    ABSENT_NR(SYS_io_uring_register),

    /* The whole host has 65,536 slots for kernel AIO, and databases need them. */
    ABSENT_NR(SYS_io_setup),

    /* The machine as such. */
    REFUSE(kexec_load),
    REFUSE(init_module),
    REFUSE(finit_module),
    REFUSE(delete_module),
    REFUSE(reboot),
    REFUSE(swapon),
    REFUSE(swapoff),
    REFUSE(acct),
    REFUSE(quotactl),
    REFUSE_NR(NR_QUOTACTL_FD),
    REFUSE(syslog),
    REFUSE(vhangup),
    REFUSE(settimeofday),
    REFUSE(clock_settime),
    REFUSE(sethostname),
    REFUSE(setdomainname),
    REFUSE(lookup_dcookie),
    REFUSE_NR(NR_LSM_SET_SELF_ATTR),
#ifdef SYS_kexec_file_load
    REFUSE(kexec_file_load),
#endif
#ifdef __x86_64__
    REFUSE(iopl),
    REFUSE(ioperm),
    REFUSE(modify_ldt),
    REFUSE(uselib),
    REFUSE(ustat),
    REFUSE(sysfs),
    REFUSE(_sysctl),
#endif

    /* Other processes: tracing one's own children is useful and stays; these reach into a process
     * by other doors. pid 1 is not traceable (PR_SET_DUMPABLE), but limits could be set on it. */
    REFUSE(kcmp),
    REFUSE_NR(NR_PIDFD_GETFD),
    REFUSE_VALUE(prlimit64, 0, 1),
    REFUSE(migrate_pages),
    REFUSE(move_pages),

    /* The limit that keeps the host's core dump handler from being started, see main.c. */
    REFUSE_VALUE(setrlimit, 0, RLIMIT_CORE),
    REFUSE_VALUE(prlimit64, 1, RLIMIT_CORE),

    /* 32-bit personalities and address-space tricks; 0 and "what is it?" stay. */
    {.nr = SYS_personality, .error = EPERM, .test = NOT_EQUAL, .argument = 0, .value = 0xffffffff},

    /* Set-user-ID files on a writable host folder would outlive the sandbox and be run by others.
     * openat2 takes its mode from memory; libraries then use openat. */
    REFUSE_BITS(fchmod, 1, SET_ID_BITS),
    REFUSE_BITS(fchmodat, 2, SET_ID_BITS),
    {.nr = NR_FCHMODAT2, .error = EPERM, .test = ANY_BIT, .argument = 2, .value = SET_ID_BITS},
    REFUSE_BITS(mkdirat, 2, SET_ID_BITS),
    REFUSE_BITS(mknodat, 2, SET_ID_BITS),
    {.nr = SYS_openat,
     .error = EPERM,
     .test = CREATES_WITH_BIT,
     .argument = 3,
     .value = SET_ID_BITS},
    ABSENT_NR(NR_OPENAT2),
#ifdef __x86_64__
    REFUSE_BITS(chmod, 1, SET_ID_BITS),
    REFUSE_BITS(mkdir, 1, SET_ID_BITS),
    REFUSE_BITS(mknod, 1, SET_ID_BITS),
    {.nr = SYS_open, .error = EPERM, .test = CREATES_WITH_BIT, .argument = 2, .value = SET_ID_BITS},
    REFUSE_BITS(creat, 1, SET_ID_BITS),
#endif

    /* Typing into a terminal on the user's behalf, pasting from the console, loading a line
     * discipline. */
    REFUSE_VALUE(ioctl, 1, 0x5412 /* TIOCSTI */),
    REFUSE_VALUE(ioctl, 1, 0x541C /* TIOCLINUX */),
    REFUSE_VALUE(ioctl, 1, 0x5423 /* TIOCSETD */),

    /* Families that no network namespace bounds (vsock), or that are holes by tradition (packet,
     * crypto, bluetooth, tipc, rds, …). Of netlink, only what getifaddrs(3) needs. Of inet, only TCP,
     * UDP and ping: any other protocol (sctp, dccp, l2tp, mptcp, …) may even load a module of the
     * host's kernel. */
    {.nr = SYS_socket, .error = EAFNOSUPPORT, .test = NOT_SOCKET_FAMILY, .argument = 0},
    {.nr = SYS_socket, .error = EPROTONOSUPPORT, .test = NETLINK_PROTOCOL, .argument = 0},
    {.nr = SYS_socket, .error = EPROTONOSUPPORT, .test = INET_PROTOCOL, .argument = 0},
    {.nr = SYS_socketpair,
     .error = EAFNOSUPPORT,
     .test = NOT_EQUAL,
     .argument = 0,
     .value = AF_UNIX},
};

/* Where memory is sampled and not counted by a cgroup: memory that no file and no process shows.
 * vmsplice leaves whole huge pages in a pipe. */
static const struct rule sampled_memory_rules[] = {
    ABSENT_NR(SYS_vmsplice), ABSENT_NR(SYS_memfd_create), ABSENT_NR(NR_MEMFD_SECRET),
    ABSENT_NR(SYS_shmget),   ABSENT_NR(SYS_semget),       ABSENT_NR(SYS_msgget),
};

/* Where it is asked about: the calls that name an address, and those that open a port. Nothing depends on
 * their being seen: an address that was not approved leads nowhere. */
static const struct rule asking_rules[] = {
    {.nr = SYS_connect, .error = ASK},
    {.nr = SYS_listen, .error = ASK},
    {.nr = SYS_sendmsg, .error = ASK},
    {.nr = SYS_sendmmsg, .error = ASK},
    {.nr = SYS_sendto, .error = ASK, .test = NOT_NULL, .argument = 4},
};

/* In a container pid 1 keeps the limits itself, and has the program's uid: it must not be put behind
 * the program's processes. PRIO_USER and IOPRIO_WHO_USER mean it too. */
static const struct rule container_rules[] = {
    REFUSE_VALUE(sched_setscheduler, 0, 1),
    REFUSE_VALUE(sched_setparam, 0, 1),
    REFUSE_VALUE(sched_setattr, 0, 1),
    REFUSE_VALUE(sched_setaffinity, 0, 1),
    REFUSE_VALUE(setpriority, 0, PRIO_USER),
    REFUSE_VALUE(setpriority, 1, 1),
    REFUSE_VALUE(ioprio_set, 0, 3 /* IOPRIO_WHO_USER */),
    REFUSE_VALUE(ioprio_set, 1, 1),
};

/* In a container whose engine has a kernel of its own (gVisor), which shields pid 1 less than Linux and
 * asks the filter before a tracer changes the call. */
static const struct rule engine_kernel_rules[] = {
    REFUSE(ptrace),
    REFUSE_VALUE(kill, 0, 1),
    REFUSE_VALUE(tkill, 0, 1),
    REFUSE_VALUE(tgkill, 0, 1),
    REFUSE_VALUE(tgkill, 1, 1),
    REFUSE_VALUE(rt_sigqueueinfo, 0, 1),
    REFUSE_VALUE(rt_tgsigqueueinfo, 0, 1),
    /* Signals that a file sends to whom it is told. */
    REFUSE_VALUE(fcntl, 1, F_SETOWN),
    REFUSE_VALUE(fcntl, 1, F_SETOWN_EX),
    REFUSE_VALUE(fcntl, 1, F_SETSIG),
    REFUSE_VALUE(ioctl, 1, 0x8901 /* FIOSETOWN */),
    REFUSE_VALUE(ioctl, 1, 0x8902 /* SIOCSPGRP */),
};

#endif
