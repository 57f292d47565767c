/* What is to be seen of other processes. */
#include "attack.h"
#include <dirent.h>

int main(int argc, char **argv) {
    DIR *proc = opendir("/proc");
    int seen = 0;
    for (struct dirent *entry; proc && (entry = readdir(proc));)
        if (atoi(entry->d_name) > 0)
            seen++;
    holds(seen == 2, "it sees two processes: pid 1 and itself");
    char path[128];
    static const char *const names[] = {"environ", "cmdline", "root", "cwd", "fd", "mem", "status"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "/proc/%s/%s", argv[1], names[i]);
        fails(path, open(path, O_RDONLY));
    }
    fails("pidfd of the host's process", syscall(SYS_pidfd_open, atoi(argv[1]), 0));
    holds(getppid() == 1, "its parent is pid 1");
    FILE *file = fopen("/proc/self/cgroup", "r");
    char line[512];
    while (file && fgets(line, sizeof line, file))
        holds(!strstr(line, "glovebox") && strstr(line, ":/\n"), "the path of its cgroup is /");
    return done();
}
