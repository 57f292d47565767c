/*
 * What a supervisor and a template say to each other, see park/serve.c. A request carries fds: the
 * namespaces in the order below, the program's stdout and stderr, the channel for its words, and its
 * stdin where it has one.
 */
#ifndef ENTER_H
#define ENTER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* The user namespace comes last: with it go the capabilities that the others need. */
enum entered {
    ENTER_PID,
    ENTER_MNT,
    ENTER_NET,
    ENTER_IPC,
    ENTER_UTS,
    ENTER_CGROUP,
    ENTER_USER,
    ENTERED,
};

enum { ENTER_STDOUT = ENTERED, ENTER_STDERR, ENTER_CHANNEL, ENTER_STDIN, ENTER_FDS };

struct enter_request {
    uint64_t open_files; /* RLIMIT_NOFILE */
    uint64_t cpu_us;     /* RLIMIT_CPU; 0: none */
    uint64_t processes;  /* RLIMIT_NPROC; 0: a cgroup counts */
    bool is_spare;       /* nobody has asked for it yet */
    bool is_sampled;     /* no cgroup counts its memory: the filter refuses more */
    char cwd[256];
};

/* On the channel: of the template where it could not fork, else of the fork, which is there then. */
struct enter_word {
    enum { WORD_PARKED, WORD_FAILED } kind;
    int32_t pid;    /* of the program, as its sandbox numbers it */
    char text[256]; /* of a failure */
};

/* Said to a program that waits, a letter each. */
enum {
    ATTACHED = 'a',    /* by the supervisor: it is in its cgroups */
    GO = 'g',          /* by pid 1: the program's file is there */
    GO_AND_TELL = 'e', /* the same, and pid 1 wants to be told of the end */
};

/* Its value is the exit code; see park/last_word.c. */
#define END_SIGNAL SIGUSR1

#endif
