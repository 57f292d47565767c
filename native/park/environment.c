/* Takes the library's variables out of the program's environment, and out of what /proc shows of it. */
#include "park.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The value, if `variable` is `name=value`. */
static char *value_of(char *variable, const char *name) {
    size_t length = strlen(name);
    if (strncmp(variable, name, length) != 0 || variable[length] != '=')
        return NULL;
    return variable + length + 1;
}

/* /proc/self/stat from its field `first` on, as numbers; false if it can't be read. */
static bool read_stat(int first, uint64_t *fields, int count) {
    char text[1024];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    char *at = strrchr(text, ')'); /* ends field 2, a name that may hold anything */
    for (int field = 2; at && field < first; field++)
        at = strchr(at + 1, ' ');
    for (int i = 0; i < count; i++) {
        if (!at)
            return false;
        fields[i] = strtoull(at + 1, NULL, 10);
        at = strchr(at + 1, ' ');
    }
    return true;
}

/*
 * Makes /proc/self/environ end before `end`. PR_SET_MM_MAP (Linux 3.18) needs no right, but a kernel
 * with CONFIG_CHECKPOINT_RESTORE; where it fails, NUL bytes are left to be seen, and nothing else.
 */
static void end_environment_at(const char *end) {
    uint64_t code[3];  /* fields 26 to 28: startcode endcode startstack */
    uint64_t place[7]; /* fields 45 to 51: start_data end_data start_brk arg_start ... env_end */
    if (!read_stat(26, code, 3) || !read_stat(45, place, 7))
        return;
    struct prctl_mm_map map = {
        .start_code = code[0],
        .end_code = code[1],
        .start_data = place[0],
        .end_data = place[1],
        .start_brk = place[2],
        .brk = (uint64_t)(uintptr_t)sbrk(0),
        .start_stack = code[2],
        .arg_start = place[3],
        .arg_end = place[4],
        .env_start = place[5],
        .env_end = (uint64_t)(uintptr_t)end,
        .exe_fd = (uint32_t)-1,
    };
    if (map.env_end < map.env_start || map.env_end > place[6])
        return;
    prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0);
}

struct settings take_settings(char **environment) {
    struct settings settings = {NULL, NULL, NULL};
    char *first = NULL; /* the lowest byte of what is taken out; behind it comes nothing else */
    char **to = environment;
    for (char **from = environment; *from; from++) {
        char *park = value_of(*from, "GLOVEBOX_PARK");
        char *prelude = value_of(*from, "GLOVEBOX_PRELUDE");
        char *until = value_of(*from, "GLOVEBOX_UNTIL");
        if (!park && !prelude && !until && !value_of(*from, "LD_PRELOAD")) {
            *to++ = *from;
            continue;
        }
        if (park)
            settings.park = strdup(park);
        if (prelude)
            settings.prelude = strdup(prelude);
        if (until)
            settings.until = strdup(until);
        if (!first || *from < first)
            first = *from;
        memset(*from, 0, strlen(*from));
    }
    char *last = to == environment ? NULL : to[-1];
    while (*to)
        *to++ = NULL;
    if (first && (!last || last < first))
        end_environment_at(first);
    return settings;
}
