/* What the parts of the supervisor share: supervisor.c acts, watch.c looks at limits, outside.c and
 * container.c reach the sandbox. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include "inside.h"
#include "launcher.h"
#include "pump.h"
#include "tty.h"

#include <poll.h>

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
    bool has_stdin;
    struct tty_size tty;
    uint64_t started_us, ended_us;
    uint64_t wall_us, cpu_us;     /* limits; NEVER for none */
    uint64_t waited_for_owner_us; /* while its clock was held; counts for no limit */
    uint64_t held_since_us;       /* 0: its clock goes */
    uint64_t next_check_us;
    uint64_t reaped_before_us; /* CPU time of what pid 1 had waited for by then */
    uint64_t waited_us;        /* CPU time by then of what was started ahead, where it is sampled */
    uint64_t forked_bytes;     /* what a fork of a template held by then; 0: it is none */
    uint64_t sampled_cpu_us, sampled_peak_bytes, sampled_tasks;
    struct counters before;
    bool peak_is_anew;        /* it was reset when the command started */
    uint64_t inherited_cache; /* files that earlier commands read: the least that was seen of it */
    struct reply reply;       /* pid 1's word about the end */
};

/* Our side of a command's pipes; in is -1 for one without a stdin. */
struct streams {
    int out, err, in;
};

struct supervisor;

#define BACKEND_POLLS 6

/* How a sandbox is reached. */
struct backend {
    /* Starts the command of an exec message; the fds are its stdout, its stderr and its stdin or -1. */
    void (*start)(struct supervisor *self, const struct message *message, const int fds[3]);
    /* To the running command's process group; harmless where none runs. */
    void (*signal)(struct supervisor *self, int number);
    /* Kills every process inside; the end is noticed later. */
    void (*kill)(struct supervisor *self);
    /* Kills, cleans up and exits. */
    NORETURN void (*finish)(struct supervisor *self);
    /* The same where the owner asked for it: its next message is for another sandbox. */
    NORETURN void (*end)(struct supervisor *self);
    /* A message that only this backend knows, by its first record; false if it does not. */
    bool (*take)(struct supervisor *self, const struct message *message,
                 const struct record *record);
    /* Fills in what it waits for besides; all are -1 before. */
    void (*poll)(const struct supervisor *self, struct pollfd polls[BACKEND_POLLS]);
    void (*on_polled)(struct supervisor *self, const struct pollfd polls[BACKEND_POLLS]);
};

struct supervisor {
    const struct plan *plan;
    const struct backend *backend;
    struct sandbox *sandbox;
    struct run run;
    struct streams parked; /* of the command that waits for its file */
    bool is_parked;        /* whether there is one */
    bool has_files;        /* the first command's have begun to come */
    bool has_ended_early;  /* they left no memory for what was there: `early` is how it ended */
    struct reply early;
    uint64_t forked_bytes;  /* what it holds where it is a fork of a template */
    bool has_reported;      /* of a command's end */
    uint64_t reported_peak; /* the last one, in bytes */
    struct pump pumps[PUMPS];
    uint64_t output_bytes;
    struct message inbox; /* what has come of the next message */
    uint32_t inbox_used;  /* of the length and the message together */
    int control_fd;
    int signal_fd;
    int idle_ms; /* ends the sandbox when no command runs and no message comes; -1: never */
    bool input_is_pending; /* the owner waits for the word that its last input was taken */
    bool asks;             /* calls of its program wait for an answer of its owner's */
    uint64_t window_bytes; /* of output of each stream that the owner takes unasked */
};

/* supervisor.c */
void kill_sandbox(struct supervisor *self, const char *limit);
/* The command is over: nothing more is read for it, and its last output is passed on. */
void end_run(struct supervisor *self);
/* First: status lines may need the buffers. */
void setup_pumps(struct supervisor *self);
/* From now on no read or write of ours blocks. */
/* Throws away what the owner still says; true once it has said its last word, `end`. */
bool discard_until_end(struct supervisor *self, int timeout_ms);
void setup_supervisor(struct supervisor *self);
/* One command after the other, until the owner is gone. */
NORETURN void supervise(struct supervisor *self);

/* streams.c */
/* Fills in what the command gets as stdout, stderr and stdin (or -1). */
struct streams make_streams(const struct supervisor *self, bool has_stdin, int fds[3]);
/* From now on they are the running command's. */
void connect_streams(struct supervisor *self, const struct streams *streams);
/* Has the backend start the command of an exec message, with streams of its own. */
void start_with_streams(struct supervisor *self, const struct message *message);
/* A message about the streams; false for another. */
bool take_stream_message(struct supervisor *self, const struct record *record);
/* Once all that came before has been passed on. */
void ask_for_input(struct supervisor *self);

/* outside.c */
/* To pid 1, in the memory that it shares with us. */
void share_message(struct supervisor *self, const struct message *message);

/* watch.c */
void check_limits(struct supervisor *self);
/* In ms, for poll(2): until the next check that time drives; -1 for never. */
int time_to_check(const struct supervisor *self);
/* Sends the `exit` status line. */
void report_end(struct supervisor *self);

#endif
