/* Walks all that can be seen, and says what it could write to. argv: what it may */
#include "attack.h"
#include <dirent.h>

static int looked, may_count;
static char **may;

static bool is_allowed(const char *path) {
    for (int i = 0; i < may_count; i++)
        if (!strcmp(path, may[i]))
            return true;
    return false;
}

static void walk(const char *folder, int depth) {
    DIR *directory = opendir(*folder ? folder : "/");
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        char path[2048];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        struct stat status;
        if (!strcmp(path, "/proc") || is_allowed(path) || lstat(path, &status) < 0 || S_ISLNK(status.st_mode))
            continue;
        looked++;
        bool is_device = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
        /* What a mode allows a read-only mount may refuse: access(2) looks at both. */
        if (!is_device && access(path, W_OK) == 0)
            escaped("%s can be written to", path);
        if (S_ISBLK(status.st_mode))
            escaped("%s is a disk", path);
        if (S_ISSOCK(status.st_mode))
            escaped("%s is a socket", path);
        if (S_ISDIR(status.st_mode) && depth < 12 && looked < 60000)
            walk(path, depth + 1);
    }
    if (directory)
        closedir(directory);
}

int main(int argc, char **argv) {
    may = argv + 1;
    may_count = argc - 1;
    walk("", 0);
    holds(looked > 1000, "it looked at thousands of files");
    return done();
}
