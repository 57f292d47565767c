/* The start of the library, and the point at which the program stands still. */
#include "park.h"
#include "../launcher/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where the program is on its way. */
enum stage {
    STAGE_PAST,    /* beyond the point, or with no point at all: the hooks only pass on */
    STAGE_BEFORE,  /* the point is still to come */
    STAGE_PRELUDE, /* at the point: the prelude runs, and is to call fork() */
};

static struct {
    _Atomic enum stage stage;
    bool is_served;
    bool at_read;
    int channel;
    char *entry;
    char entry_path[PATH_MAX]; /* the same, absolute */
    char *prelude;             /* NULL: none */
    char *until;           /* the name of a variable that is there until the point; NULL: none */
    pthread_mutex_t mutex; /* held by the thread that stands at the point */
} park = {.channel = -1, .mutex = PTHREAD_MUTEX_INITIALIZER};

/* Reads `MODE POINT ENTRY`; false if it is anything else. The value is changed and kept. */
static bool parse_park(char *value) {
    char *point = strchr(value, ' ');
    char *entry = point ? strchr(point + 1, ' ') : NULL;
    if (!entry || entry[1] == '\0')
        return false;
    *point++ = '\0';
    *entry++ = '\0';
    park.is_served = strcmp(value, "serve") == 0;
    park.at_read = strcmp(point, "read") == 0;
    park.entry = entry;
    return (park.is_served || strcmp(value, "wait") == 0) &&
           (park.at_read || strcmp(point, "open") == 0);
}

/* Behind the numbers that a program gets, so that its own are those of an ordinary run; below 64, where
 * the kernel's table of fds needs not grow. Who serves has few, and finds the channel at its number. */
static void place_channel(void) {
    park.channel = PARK_FD;
    if (park.is_served) {
        fcntl(PARK_FD, F_SETFD, FD_CLOEXEC);
        return;
    }
    int moved = fcntl(PARK_FD, F_DUPFD_CLOEXEC, 60);
    if (moved < 0)
        moved = fcntl(PARK_FD, F_DUPFD_CLOEXEC, PARK_FD + 1);
    if (moved < 0)
        _exit(EXIT_OURS);
    close(PARK_FD);
    park.channel = moved;
}

/* Takes `NAME=VALUE`, and gives the name. It is in no memory that /proc shows. */
static char *set_variable(char *variable) {
    char *value = strchr(variable, '=');
    if (!value)
        _exit(EXIT_OURS);
    *value++ = '\0';
    if (setenv(variable, value, 1) < 0)
        _exit(EXIT_OURS);
    return variable;
}

/* Runs before main(). glibc hands constructors the environment that main() gets. */
__attribute__((constructor)) static void start(int argc, char **argv, char **environment) {
    (void)argc;
    (void)argv;
    if (!getenv("GLOVEBOX_PARK"))
        return;
    struct settings settings = take_settings(environment);
    close(LIBRARY_FD);
    if (!settings.park || !parse_park(settings.park))
        _exit(EXIT_OURS);
    size_t length = getcwd(park.entry_path, sizeof park.entry_path) ? strlen(park.entry_path) : 0;
    if (length == 0 || length + 1 + strlen(park.entry) >= sizeof park.entry_path)
        _exit(EXIT_OURS);
    park.entry_path[length] = '/';
    strcpy(park.entry_path + length + 1, park.entry);
    park.prelude = settings.prelude;
    park.until = settings.until ? set_variable(settings.until) : NULL;
    place_channel();
    prepare_last_word();
    note_start();
    park.stage = STAGE_BEFORE;
}

/* Kept from being built into the hooks, whose headers say that a path is never NULL: programs try. */
__attribute__((noinline)) bool names_entry(int dir_fd, const char *path) {
    if (park.stage != STAGE_BEFORE || !path)
        return false;
    if (path[0] == '/')
        return strcmp(path, park.entry_path) == 0;
    return dir_fd == AT_FDCWD && strcmp(path, park.entry) == 0;
}

bool has_entry(void) {
    /* By a name that is not the entry's, or this would be the point. */
    char path[PATH_MAX + 2];
    snprintf(path, sizeof path, "./%s", park.entry);
    return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
}

bool take_next_entry(void) {
    return rename(USUAL_FILE, park.entry) == 0;
}

bool is_point_at_read(void) {
    return park.at_read;
}

/* Says that the point is reached, and waits for the word to go on. */
static void wait_for_go(void) {
    const char parked = 'p';
    char word = 0;
    ssize_t done;
    do
        done = send(park.channel, &parked, 1, MSG_NOSIGNAL);
    while (done < 0 && errno == EINTR);
    if (done != 1)
        _exit(EXIT_OURS);
    do
        done = recv(park.channel, &word, 1, 0);
    while (done < 0 && errno == EINTR);
    if (done != 1 || (word != GO && word != GO_AND_TELL))
        _exit(EXIT_OURS);
    if (word == GO_AND_TELL)
        promise_last_word();
    close(park.channel);
}

/* What the fork at the point is: 0, in the process that is to go on. */
static pid_t go_on(void) {
    pid_t pid = 0;
    if (park.is_served)
        pid = serve_forks();
    else
        wait_for_go();
    if (park.until)
        unsetenv(park.until);
    freshen();
    park.stage = STAGE_PAST;
    return pid;
}

/* The prelude ends with a fork() of its language's own, which takes and gives back what must be taken
 * around one. Without it there would be nothing to go on with. */
static void run_prelude(void) {
    char *newline = strchr(park.prelude, '\n');
    if (!newline)
        _exit(EXIT_OURS);
    *newline = '\0';
    park.stage = STAGE_PRELUDE;
    if (!evaluate(park.prelude, newline + 1) || park.stage != STAGE_PAST)
        _exit(EXIT_OURS);
}

void reach_point(void) {
    int error = errno;
    pthread_mutex_lock(&park.mutex);
    if (park.stage == STAGE_BEFORE) {
        if (park.prelude)
            run_prelude();
        else
            go_on();
    }
    pthread_mutex_unlock(&park.mutex);
    errno = error;
}

pid_t fork_of_program(void) {
    return park.stage == STAGE_PRELUDE ? go_on() : fork_of_libc();
}
