/* Pid 1 of a sandbox, and what it and its supervisor say to each other. */
#ifndef INSIDE_H
#define INSIDE_H

#include "launcher.h"

/* ---- inside.c: pid 1 of the sandbox ---- */

/* From the supervisor to pid 1; files and commands are in the shared message. An exec packet carries the
 * fds of stdout, stderr and maybe stdin. */
struct request {
    enum {
        REQUEST_GO,
        REQUEST_FILES,
        REQUEST_EXEC,
        REQUEST_SIGNAL,
        REQUEST_PARK,         /* as exec, but it waits for its file */
        REQUEST_NAMESPACES,   /* for a template */
        REQUEST_ADOPT,        /* a fork of it has come; with its channel */
        REQUEST_START_PARKED, /* what waits goes on */
    } kind;
    int signal;
    int32_t pid; /* to adopt, as the sandbox numbers it */
};

/* From pid 1 to the supervisor. */
struct reply {
    enum {
        REPLY_READY,
        REPLY_FILES,
        REPLY_EXITED,
        REPLY_FAILED,
        REPLY_PARKED,
        REPLY_NAMESPACES,
        REPLY_ASK_FS, /* with the fd of its file system */
        REPLY_ASKING, /* with its user and network namespace, and the fd on which calls wait if they do */
    } kind;
    int wait_status;     /* of the command's own process, as wait4(2) */
    uint64_t cpu_us;     /* of all reaped processes of the command */
    uint64_t peak_bytes; /* of the largest process of the sandbox so far */
    bool disk_full;      /* the scratch tmpfs has no byte or no inode left */
    bool processes_full; /* as many processes were left as are allowed */
    bool has_out;        /* there is something at /workspace/out */
    char text[256];      /* of a failure */
};

/* Runs in the child, in its namespaces. The order is the design; README.md explains each step. */
NORETURN void run_inside(const struct plan *plan, int channel, const struct message *exec_message);

/* With it go the fds that the supervisor needs. */
void send_ready(int channel);

/* ---- children.c: what pid 1 does for the processes inside ---- */

/* CPU time of all children reaped so far. */
uint64_t children_cpu_us(struct rusage *usage);
/* Its process group, as a terminal would. */
void signal_command(pid_t command, int number);
/* Reaps what has ended; true when `command` is among it, with its status. Others may be left to reap. */
bool reap_until(pid_t command, int *status);
/* Whether the scratch tmpfs is; asked before the processes are killed, while their files are there. */
bool is_full(const struct plan *plan);
/* Whether there may be something for the owner at /workspace/out. */
bool has_out(const struct plan *plan);
/* All processes but this one, which must be a pid 1; returns how many there were. */
uint64_t kill_everything(void);
/* Does the same, and says in `reply` what was found. */
void end_command(const struct plan *plan, uint64_t cpu_us_then, struct reply *reply);

#endif
