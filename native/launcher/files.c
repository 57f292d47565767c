/* Files that the owner puts into the workspace, before the first command: so all folders are ours, and
 * there is no link of a program's to follow. In pid 1, with the rights of a program. */
#include "launcher.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKSPACE "/workspace/"

static void write_file(const struct record *record, int flags) {
    const char *path = record->value;
    const char *mode = next_field(record, path);
    const char *content = next_field(record, mode);
    char where[PATH_MAX];
    if (strncmp(path, WORKSPACE, strlen(WORKSPACE)) || strlen(path) >= sizeof where)
        die_plain("file: not below %s: %.100s", WORKSPACE, path);
    strcpy(where, path);
    make_parents(where);
    int fd = open(where, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
    if (fd < 0)
        die("create file %s", path);
    for (const char *end = record->value + record->length; content < end;) {
        ssize_t wrote = write(fd, content, (size_t)(end - content));
        if (wrote < 0)
            die("write file %s", path);
        content += wrote;
    }
    if (fchmod(fd, (mode_t)strtoul(mode, NULL, 8) & 0777) < 0)
        die("set the mode of %s", path);
    close(fd);
}

bool take_file(const struct record *record) {
    if (!strcmp(record->key, "file"))
        write_file(record, O_CREAT | O_EXCL);
    else if (!strcmp(record->key, "file-more"))
        write_file(record, O_APPEND);
    else
        return false;
    return true;
}

void take_files(const struct message *message) {
    uint32_t offset = 0;
    struct record record;
    while (next_record(message, &offset, &record))
        (void)take_file(&record);
}
