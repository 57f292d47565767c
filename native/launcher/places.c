/* What things are mounted over: folders and empty files of the new root. */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the folders above `path`; every one of them was made by us. Most entries lie in the same
 * folder as the one before. */
void make_parents(char *path) {
    static char made[PATH_MAX];
    size_t length = (size_t)(strrchr(path, '/') - path);
    if (!strncmp(made, path, length) && !made[length])
        return;
    memcpy(made, path, length);
    made[length] = '\0';
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            die("create folder %s", path);
        *slash = '/';
    }
}

void make_folder(const char *path, mode_t mode) {
    if (mkdir(path, mode) < 0 && (errno != EEXIST || chmod(path, mode) < 0))
        die("create folder %s", path);
}

void make_place(const char *path, bool is_folder) {
    struct stat there;
    if (lstat(path, &there) == 0 && (is_folder ? S_ISDIR(there.st_mode) : S_ISREG(there.st_mode)))
        return;
    if (is_folder) {
        make_folder(path, 0755);
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        die("create file %s", path);
    close(fd);
}
