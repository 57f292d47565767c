/* What the two halves of the supervisor share: supervisor.c acts, watch.c looks at limits. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "launcher.h"

/* A limit or a time that never comes. */
#define NEVER UINT64_MAX

enum { STDIN_PUMP, STDOUT_PUMP, STDERR_PUMP, PUMPS };

/* The one command that runs. */
struct run {
    bool active;
    bool ended;        /* its processes are gone; its output may still be on its way */
    bool sandbox_dead; /* pid 1 is gone too */
    const char *limit; /* the limit that ended it, or NULL */
    bool kill_at_output_limit;
    uint64_t started_us, ended_us;
    uint64_t wall_us, cpu_us; /* limits; NEVER for none */
    uint64_t next_check_us;
    uint64_t sampled_cpu_us, sampled_peak_bytes, sampled_tasks;
    struct counters before;
    struct reply reply; /* pid 1's word about the end */
};

struct supervisor {
    const struct plan *plan;
    struct sandbox *sandbox;
    struct run run;
    struct pump pumps[PUMPS];
    uint64_t output_bytes;
    struct message inbox; /* what has come of the next message */
    uint32_t inbox_used;  /* of the length and the message together */
    int signal_fd;
};

/* supervisor.c */
void kill_sandbox(struct supervisor *self, const char *limit);

/* watch.c */
void check_limits(struct supervisor *self);
/* In ms, for poll(2): until the next check that time drives; -1 for never. */
int time_to_check(const struct supervisor *self);
/* Sends the `exit` status line. */
void report_end(struct supervisor *self);

#endif
