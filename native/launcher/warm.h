/* What keeps programs started ahead: serve.c has the parts that all sandboxes share, template.c is a
 * program that others are forks of, parked.c and waiting.c are the two sides of one that waits. */
#ifndef WARM_H
#define WARM_H

#include "enter.h"
#include "supervisor.h"

/* ---- serve.c ---- */

/* The park library as a file without a name, always at the same number; -1: there is none. */
enum { LIBRARY_PLACE = 4 };
int library_fd(void);
/* Where a template takes its requests; -1: there is no such template. */
int template_fd(size_t number);
/* In the supervisor of a template: its number, and the other side; SIZE_MAX and -1 elsewhere. */
size_t own_template(void);
int own_template_fd(void);

/* ---- template.c ---- */

/* In the new process: the same root as a sandbox's, then the program that is asked for. */
NORETURN void run_template(const struct plan *plan, int channel, const struct sandbox *sandbox);
/* Starts it as the owner says, and stays until one of the two ends. */
NORETURN void supervise_template(const struct plan *plan, struct supervisor *self);

/* ---- parked.c: in the supervisor ---- */

/* A program has no reason to say anything before it has read its file: what it says, if anything, tells
 * why it is of no use. `fd` must not block. */
NORETURN void die_with_output(int fd, const char *what);
/* Starts the command of a `park` message, up to the point where it waits for its file. */
void park(struct supervisor *self, const struct message *message);
/* The command that waits begins to run; its streams are those that it was started with. */
void start_parked(struct supervisor *self, const struct message *message);

/* ---- waiting.c: in pid 1 ---- */

/* The program that waits for its file; `channel` is -1 where there is none. */
struct waiting {
    pid_t pid;
    int channel;
    bool is_there; /* it has come to the point */
};
/* Starts the command of the shared message. */
void start_waiting(struct waiting *waiting, const struct plan *plan, const struct message *message,
                   const int fds[3]);
/* A fork of a template has come, which waits. */
void adopt_waiting(struct waiting *waiting, pid_t pid, int channel, int supervisor);
/* It has said that it is there: tells the supervisor, if this is its word. */
void hear_waiting(struct waiting *waiting, int supervisor);
/* Lets it go on, and tell its end if that is wanted; its pid. */
pid_t end_waiting(struct waiting *waiting, bool tells_end);
/* Gives the supervisor the namespaces, as fds in the order of enum entered. */
void send_namespaces(int supervisor);

#endif
