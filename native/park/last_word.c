/*
 * The program's end, told before the kernel has taken its memory apart, which takes it longer than many
 * programs run. It is told when exit(3) has nothing more to do: first registered is called last, and what
 * only comes behind it, the streams of C, is done here. Whoever forges it ends only its own run.
 */
#include "../launcher/enter.h"
#include "park.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* 0: it is not told. */
static pid_t program;

static void tell_end(int status, void *unused) {
    (void)unused;
    if (program != getpid()) /* a child of the program's that ends as it does */
        return;
    fcloseall();
    /* The kernel adds up what a process uses when it stops, or is asked; else it could be a tick behind. */
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    (void)sigqueue(1, END_SIGNAL, (union sigval){.sival_int = status & 0xff});
}

void prepare_last_word(void) {
    on_exit(tell_end, NULL);
}

void promise_last_word(void) {
    program = getpid();
}
