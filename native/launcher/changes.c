/*
 * Gives the owner what a program changed in its copy of a folder: the upper layer of overlay.c's
 * overlay, read where a program would run and with no more rights than one, as in collect.c. What a
 * program made can mislead only what is as confined as it was. Its stdout takes frames, see README.md.
 */
#include "copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What the owner takes: src/core/changes.ts. */
#define PATH_BYTES 4095
#define MAX_DEPTH 64

/* In frames: what became of a thing. */
enum { FINE = '-', OPAQUE = 'o', SPECIAL = 's', TOO_LARGE = 't', UNREADABLE = 'u', CUT = 'c' };
enum { BAD_NAME = 'n' };

struct walk {
    uint64_t entries_left, bytes_left;
    bool is_cut; /* a bound left something out, and all that would have followed */
    int depth;   /* names in `path` */
    size_t length;
    char path[PATH_BYTES + 1 + NAME_MAX + 1]; /* too long by one name at most */
};

static void leave_out(struct walk *walk, char reason) {
    send_word('s', reason, walk->path, walk->length);
}

/* A frame of a word, the mode in two bytes, and the path. */
static void send_thing(const struct walk *walk, char kind, char word, mode_t mode) {
    unsigned char *value = room_for(3 + walk->length);
    value[0] = (unsigned char)word;
    value[1] = (unsigned char)(mode & 0xff);
    value[2] = (unsigned char)(mode >> 8 & 0x0f);
    memcpy(value + 3, walk->path, walk->length);
    send_value(kind, 3 + walk->length);
}

/* Nobody runs beside it, but it looks again at what it has opened: that costs nothing. */
static void visit_file(struct walk *walk, int folder, const char *name) {
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        leave_out(walk, UNREADABLE);
    } else if ((uint64_t)status.st_size > walk->bytes_left) {
        leave_out(walk, TOO_LARGE); /* a hole takes no room on its disk, but does on its way out */
    } else {
        uint64_t sent;
        send_thing(walk, 'f', FINE, status.st_mode);
        bool is_whole = send_content(fd, (uint64_t)status.st_size, &sent);
        walk->bytes_left -= sent;
        send_word('e', is_whole ? FINE : UNREADABLE, "", 0);
    }
    if (fd >= 0)
        close(fd);
}

static void visit_link(struct walk *walk, int folder, const char *name) {
    char target[PATH_MAX];
    ssize_t length = readlinkat(folder, name, target, sizeof target);
    if (length < 0 || (size_t)length == sizeof target) {
        leave_out(walk, UNREADABLE);
        return;
    }
    unsigned char *value = room_for(1 + walk->length + 1 + (size_t)length);
    value[0] = FINE;
    memcpy(value + 1, walk->path, walk->length);
    value[1 + walk->length] = '\0';
    memcpy(value + 1 + walk->length + 1, target, (size_t)length);
    send_value('l', 1 + walk->length + 1 + (size_t)length);
}

static bool is_opaque(int folder) {
    char value = 0;
    return fgetxattr(folder, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* ---- the walk: visit() and visit_folder() call each other, MAX_DEPTH deep at most ---- */

static void visit(struct walk *walk, int folder, const char *name);

/* Closes the folder. */
static void visit_folder(struct walk *walk, int folder) {
    DIR *entries = fdopendir(folder);
    if (!entries) {
        leave_out(walk, UNREADABLE);
        close(folder);
        return;
    }
    for (;;) {
        errno = 0;
        struct dirent *entry = walk->is_cut ? NULL : readdir(entries);
        if (!entry)
            break;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (walk->entries_left-- == 0)
            walk->is_cut = true;
        else
            visit(walk, folder, entry->d_name);
    }
    if (errno)
        leave_out(walk, UNREADABLE);
    closedir(entries);
}

static void visit_here(struct walk *walk, int folder, const char *name) {
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        leave_out(walk, UNREADABLE);
    } else if (S_ISLNK(status.st_mode)) {
        visit_link(walk, folder, name);
    } else if (S_ISREG(status.st_mode)) {
        visit_file(walk, folder, name);
    } else if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0)) {
        send_word('w', FINE, walk->path, walk->length); /* a whiteout: nothing is there any more */
    } else if (S_ISDIR(status.st_mode)) {
        int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
            leave_out(walk, UNREADABLE);
            return;
        }
        send_thing(walk, 'd', is_opaque(fd) ? OPAQUE : FINE, status.st_mode);
        visit_folder(walk, fd);
    } else {
        leave_out(walk, SPECIAL);
    }
}

static void visit(struct walk *walk, int folder, const char *name) {
    size_t before = walk->length;
    size_t length = strnlen(name, NAME_MAX);
    if (before)
        walk->path[walk->length++] = '/';
    memcpy(walk->path + walk->length, name, length);
    walk->length += length;
    walk->depth++;
    if (name[length] || walk->length > PATH_BYTES || walk->depth > MAX_DEPTH)
        leave_out(walk, BAD_NAME);
    else
        visit_here(walk, folder, name);
    walk->depth--;
    walk->length = before;
}

void collect_changes(const struct message *message) {
    static struct walk walk;
    uint32_t offset = 0;
    struct record record;
    while (next_record(message, &offset, &record)) {
        if (strcmp(record.key, "changes"))
            continue;
        walk.entries_left = parse_number("max-entries", record.value);
        walk.bytes_left = parse_number("max-bytes", next_field(&record, record.value));
    }
    close_all_but_streams();
    struct stat status;
    int top = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top < 0 || fstat(top, &status) < 0)
        _exit(1);
    send_thing(&walk, 'd', is_opaque(top) ? OPAQUE : FINE, status.st_mode);
    visit_folder(&walk, top);
    send_word('.', walk.is_cut ? CUT : FINE, "", 0);
    flush_outbox();
    _exit(0);
}
