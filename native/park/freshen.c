/*
 * What a runtime noted when it was started, and a program can ask for: without this it would learn when
 * its sandbox was made ready, not when it was run.
 */
#include "park.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FIND(pointer, name) (*(void **)&(pointer) = dlsym(RTLD_DEFAULT, name))

/* Looked for once, in the template: what isn't there costs more to find than what is. */
static struct {
    time_t started;
    time_t *bash_start; /* NULL: this is no Bash */
    struct timeval *bash_exact_start;
    pid_t *bash_pid;
    void (*bash_seed)(void);
    pthread_key_t *perl_key; /* NULL: this is no Perl */
} noted;

void note_start(void) {
    noted.started = time(NULL);
    FIND(noted.perl_key, "PL_thr_key");
    if (!FIND(noted.bash_exact_start, "shellstart") || !FIND(noted.bash_pid, "dollar_dollar_pid") ||
        !FIND(noted.bash_seed, "seedrand"))
        return;
    FIND(noted.bash_start, "shell_start_time");
}

/* $SECONDS, and in a fork $$ and $RANDOM. */
static void freshen_bash(void) {
    gettimeofday(noted.bash_exact_start, NULL);
    *noted.bash_start = noted.bash_exact_start->tv_sec;
    if (*noted.bash_pid == getpid())
        return;
    *noted.bash_pid = getpid();
    noted.bash_seed();
}

/* $^T. It is in a struct that differs from one build to another: the only number in it that is a time
 * between the start and now. Where that isn't one place, nothing is changed. */
static void freshen_perl(time_t now) {
    time_t *interpreter = pthread_getspecific(*noted.perl_key), *found = NULL;
    size_t count = interpreter ? malloc_usable_size(interpreter) / sizeof(time_t) : 0;
    for (size_t i = 0; i < count; i++) {
        if (interpreter[i] < noted.started || interpreter[i] > now)
            continue;
        if (found)
            return;
        found = &interpreter[i];
    }
    if (found)
        *found = now;
}

void freshen(void) {
    if (noted.bash_start)
        freshen_bash();
    if (noted.perl_key)
        freshen_perl(time(NULL));
}
