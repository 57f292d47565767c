/*
 * What a runtime noted when it was started, and a program can ask for: without this it would learn when
 * its sandbox was made ready, not when it was run.
 */
#include "park.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FIND(pointer, name) (*(void **)&(pointer) = dlsym(RTLD_DEFAULT, name))

/* The beginnings of Bash's `struct user_info` and `struct variable`, as they are since Bash 2. */
struct bash_user {
    uid_t uid, euid;
    gid_t gid, egid;
    char *name; /* NULL: not looked up yet */
};
struct bash_variable {
    char *name, *value;
};

/* Looked for once, in the template: what isn't there costs more to find than what is. */
static struct {
    time_t started;
    time_t *bash_start; /* NULL: this is no Bash */
    struct timeval *bash_exact_start;
    pid_t *bash_pid;
    void (*bash_seed)(void);
    struct bash_user *bash_user;
    struct bash_variable *(*bash_find)(const char *name);
    void (*bash_set_ppid)(void);
    pthread_key_t *perl_key; /* NULL: this is no Perl */
} noted;

void note_start(void) {
    noted.started = time(NULL);
    FIND(noted.perl_key, "PL_thr_key");
    if (!FIND(noted.bash_exact_start, "shellstart") || !FIND(noted.bash_pid, "dollar_dollar_pid") ||
        !FIND(noted.bash_seed, "seedrand") || !FIND(noted.bash_user, "current_user") ||
        !FIND(noted.bash_find, "find_variable") || !FIND(noted.bash_set_ppid, "set_ppid"))
        return;
    FIND(noted.bash_start, "shell_start_time");
}

static void set_bash_number(const char *name, unsigned value) {
    struct bash_variable *variable = noted.bash_find(name);
    char *text;
    if (variable && asprintf(&text, "%u", value) > 0)
        variable->value = text; /* the old one is never freed: it is read-only */
}

/* What a fork's template was: a user of the host, and somebody's child. */
static void freshen_bash_user(void) {
    struct bash_user *user = noted.bash_user;
    *user = (struct bash_user){getuid(), geteuid(), getgid(), getegid(), NULL};
    set_bash_number("UID", user->uid);
    set_bash_number("EUID", user->euid);
    noted.bash_set_ppid();
}

/* $SECONDS, and in a fork $$, $RANDOM and who it is. */
static void freshen_bash(void) {
    gettimeofday(noted.bash_exact_start, NULL);
    *noted.bash_start = noted.bash_exact_start->tv_sec;
    if (*noted.bash_pid == getpid())
        return;
    *noted.bash_pid = getpid();
    noted.bash_seed();
    freshen_bash_user();
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
