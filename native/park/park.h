/*
 * The map of the park library: a program that was started ahead stands still at the point where it first
 * touches its own file, and goes on from there when the file has come.
 *
 * It is loaded with LD_PRELOAD into a program that nobody has changed, started with the very command
 * line and environment of an ordinary run. What comes after the point is the program's own doing: there
 * is nothing to imitate, and so nothing to get wrong.
 *
 * GLOVEBOX_PARK is `MODE POINT ENTRY`:
 *   MODE   wait: this process itself goes on, once. For whatever is linked dynamically.
 *          serve: it is a template; each request gets a fork of it. For programs with one thread.
 *   POINT  open: the first call that names ENTRY.
 *          read: the second read from ENTRY, see stand_in.c.
 *   ENTRY  the file as the command line names it, relative to the folder of the start.
 * GLOVEBOX_PRELUDE, if it is there, is the name of a function of the program's and, after a newline, the
 * text that it is called with at the point, see evaluate.c.
 *
 * GLOVEBOX_UNTIL, if it is there, is `NAME=VALUE`: a variable that the program has until the point.
 *
 * Without GLOVEBOX_PARK the library does nothing.
 */
#ifndef PARK_H
#define PARK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The fds that it is started with, besides the program's streams. */
enum {
    LIBRARY_FD = 8, /* the library itself, for LD_PRELOAD=/proc/self/fd/8; closed at once */
    PARK_FD = 9,    /* SOCK_SEQPACKET to whoever started it */
};

/* Our failure, never the program's: as that of the launcher. */
enum { EXIT_OURS = 125 };

/* The second program that a template tries, in its folder. */
#define USUAL_FILE ".glovebox-usual"

/* What the program's file begins with for as long as it isn't there: SUB, which no program begins with. */
enum { STAND_IN = 0x1a };

/* ---- park.c: the point ---- */

/* Whether the program's file is there: a template has one only to try itself. */
bool has_entry(void);
/* Whether `path`, which a call got together with `dir_fd`, is the program's file, and this is before the
 * point. */
bool names_entry(int dir_fd, const char *path);
/* Whether there was another program to try, which is the program's file from now on. */
bool take_next_entry(void);
/* Whether the point is at a read. */
bool is_point_at_read(void);
/* Stands still. Returns in the process that is to go on: this one, or a fork of it. Another thread that
 * comes here meanwhile waits too. */
void reach_point(void);
/* What a fork() of the program's does: its own, or at the point the one that makes it go on. */
pid_t fork_of_program(void);

/* ---- serve.c: the template ---- */

/* Called at the point in mode serve, while the program holds the locks that its own fork() would hold.
 * It never returns in the template; in each child it returns 0, in the sandbox that the child has gone
 * into and with PARK_FD closed. */
pid_t serve_forks(void);

/* Tells why there can be no template here, and ends it. */
__attribute__((noreturn, format(printf, 1, 2))) void refuse_template(const char *format, ...);

/* ---- freshen.c: what a runtime noted when it was started ---- */

void note_start(void);
/* In the process that goes on. */
void freshen(void);

/* ---- last_word.c: the end of the program ---- */

/* Before anything else registers for the exit. */
void prepare_last_word(void);
/* In the process that goes on, where pid 1 wants to be told. */
void promise_last_word(void);

/* ---- pages.c: what a fork writes to, taken before it is asked for ---- */

/* Where the program's file is there already: runs it in a fork, and keeps in mind what it wrote to; then
 * the next one. True in such a fork, which is to go on like a program. */
bool learn_pages(void);
/* In a fork: takes the pages of the first program. */
void take_pages(void);
/* In a fork: takes those of the second, for as long as there is nothing to be read from `channel`. */
void take_more_pages(int channel);
/* Takes what was kept in mind out of this process. */
void forget_pages(void);

/* ---- hooks.c: the calls that are looked at ---- */

/* libc's own fork(). */
pid_t fork_of_libc(void);

/* ---- stand_in.c: the program's file before it is there ---- */

/* Opens a file of one byte, STAND_IN, in place of the program's; what was asked for is kept for
 * later. -1 with errno. */
int open_stand_in(const char *path, int flags);
/* What a read from `fd` does about the stand-in, before the point is passed. False: nothing. */
bool read_stand_in(int fd, void *buffer, size_t size, ssize_t *result);

/* ---- evaluate.c: text in the program's own language ---- */

/* Calls the function `evaluator` of the program's with `text`. False if there is no such function, or if
 * the text failed. */
bool evaluate(const char *evaluator, const char *text);

/* ---- early_return.c: an end without freeing what is thrown away ---- */

/* Makes the function of that name return 0, if this was called by it, however indirectly. Returns itself
 * where that can't be done. */
void return_early_from(const char *function);

/* ---- environment.c: nobody is to see how the program was started ---- */

/* Takes what belongs to the library out of the program's environment. The values that it returns are
 * copies; NULL where a variable is not there. */
struct settings {
    char *park;
    char *prelude;
    char *until;
};
struct settings take_settings(char **environment);

#endif
