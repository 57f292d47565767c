/*
 * Gives the owner the files that commands left in the sandbox. A child of pid 1, where a program would
 * run and with no more rights than one, walks and reads them: what a program made can mislead only
 * what is as confined as it was. Its stdout takes frames, see README.md.
 *
 * Each step of the walk is one name below a folder that is open, and follows no link; openat2(2), which
 * could do more at once, does not exist inside.
 */
#include "copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest path and the most names in it that the owner takes: src/core/file-path.ts. */
#define PATH_BYTES 1024
#define MAX_DEPTH 32
/* What the owner is promised: src/core/collected.ts. */
#define MAX_LOOKED_AT 100000
#define MAX_SKIPPED 1000

/* In frames: what became of a thing. */
enum { FINE = '-', EXECUTABLE = 'x', SPECIAL = 's', LINK = 'l', TOO_LARGE = 't', UNREADABLE = 'u' };
enum { BAD_NAME = 'n', CUT = 'c' };

struct walk {
    uint64_t files_left, bytes_left;
    unsigned looked_at, skipped;
    bool is_cut;  /* a bound left something out */
    bool is_over; /* nothing more is looked at */
    int depth;    /* names in `path` */
    size_t length;
    char path[PATH_BYTES + 1 + NAME_MAX]; /* too long by one name at most */
};

static void skip(struct walk *walk, char reason) {
    if (walk->skipped++ < MAX_SKIPPED)
        send_word('s', reason, walk->path, walk->length);
}

/* ---- files ---- */

/* The last look at what it is comes after the open: another may have taken its place. O_NONBLOCK: the
 * open of a pipe or of a leased file would wait. */
static void visit_file(struct walk *walk, int folder, const char *name) {
    if (walk->files_left == 0) {
        walk->is_cut = walk->is_over = true;
        return;
    }
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT)
            skip(walk, errno == ELOOP ? LINK : UNREADABLE);
        return;
    }
    struct stat status;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        skip(walk, SPECIAL);
    } else if ((uint64_t)status.st_size > walk->bytes_left) {
        walk->is_cut = true;
        skip(walk, TOO_LARGE);
    } else {
        walk->files_left--;
        send_word('f', status.st_mode & S_IXUSR ? EXECUTABLE : FINE, walk->path, walk->length);
        uint64_t sent;
        bool is_whole = send_content(fd, (uint64_t)status.st_size, &sent);
        walk->bytes_left -= sent;
        send_word('e', is_whole ? FINE : UNREADABLE, "", 0);
    }
    close(fd);
}

/* ---- the walk: visit() and visit_folder() call each other, MAX_DEPTH deep at most ---- */

static void visit(struct walk *walk, int folder, const char *name, const char *rest);

static void visit_all(struct walk *walk, int folder) {
    DIR *entries = fdopendir(folder);
    if (!entries) {
        skip(walk, UNREADABLE);
        close(folder);
        return;
    }
    for (;;) {
        errno = 0;
        struct dirent *entry = walk->is_over ? NULL : readdir(entries);
        if (!entry)
            break;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (walk->looked_at++ == MAX_LOOKED_AT)
            walk->is_cut = walk->is_over = true;
        else
            visit(walk, folder, entry->d_name, NULL);
    }
    if (errno)
        skip(walk, UNREADABLE);
    closedir(entries);
}

/* `rest` is what was asked for below the folder, NULL for all of it. Closes the folder. */
static void visit_folder(struct walk *walk, int folder, const char *rest) {
    if (!rest) {
        visit_all(walk, folder);
        return;
    }
    char name[NAME_MAX + 1];
    size_t length = strcspn(rest, "/");
    if (length <= NAME_MAX) {
        memcpy(name, rest, length);
        name[length] = '\0';
        visit(walk, folder, name, rest[length] ? rest + length + 1 : NULL);
    }
    close(folder);
}

/* Looks before it opens: that alone would wake who waits at a pipe's other end. */
static void visit_here(struct walk *walk, int folder, const char *name, const char *rest) {
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            skip(walk, UNREADABLE);
    } else if (S_ISLNK(status.st_mode)) {
        skip(walk, LINK);
    } else if (S_ISDIR(status.st_mode)) {
        int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0)
            visit_folder(walk, fd, rest);
        else if (errno != ENOENT)
            skip(walk, UNREADABLE);
    } else if (!rest && S_ISREG(status.st_mode)) {
        visit_file(walk, folder, name);
    } else if (!rest) {
        skip(walk, SPECIAL);
    }
}

static void visit(struct walk *walk, int folder, const char *name, const char *rest) {
    size_t before = walk->length;
    size_t length = strnlen(name, NAME_MAX);
    if (before)
        walk->path[walk->length++] = '/';
    memcpy(walk->path + walk->length, name, length);
    walk->length += length;
    walk->depth++;
    if (name[length] || walk->length > PATH_BYTES || walk->depth > MAX_DEPTH)
        skip(walk, BAD_NAME);
    else
        visit_here(walk, folder, name, rest);
    walk->depth--;
    walk->length = before;
}

void collect_files(const struct message *message) {
    static struct walk walk;
    uint32_t offset = 0;
    struct record record;
    while (next_record(message, &offset, &record)) {
        if (strcmp(record.key, "collect"))
            continue;
        walk.files_left = parse_number("max-files", record.value);
        walk.bytes_left = parse_number("max-bytes", next_field(&record, record.value));
    }
    close_all_but_streams();
    for (offset = 0; next_record(message, &offset, &record);) {
        if (strcmp(record.key, "path"))
            continue;
        int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
            _exit(1);
        visit_folder(&walk, folder, strcmp(record.value, ".") ? record.value : NULL);
    }
    send_word('.', walk.is_cut ? CUT : FINE, "", 0);
    flush_outbox();
    _exit(0);
}
