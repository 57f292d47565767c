/* Everything in /proc that is not a process: nothing can be written, little can be read. */
#include "attack.h"
#include <dirent.h>

static int looked;

static void walk(const char *folder, int depth) {
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) > 0 || !strcmp(entry->d_name, "self") ||
            !strcmp(entry->d_name, "thread-self"))
            continue;
        char path[600];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        struct stat status;
        if (lstat(path, &status) < 0 || S_ISLNK(status.st_mode))
            continue;
        if (S_ISDIR(status.st_mode)) {
            if (depth < 8)
                walk(path, depth + 1);
            continue;
        }
        looked++;
        /* Open to all, but a write to it needs a capability. */
        if (!strcmp(path, "/proc/sys/kernel/ns_last_pid"))
            continue;
        int fd = status.st_mode & 0222 ? open(path, O_WRONLY | O_NONBLOCK) : -1;
        if (fd >= 0 || access(path, W_OK) == 0)
            escaped("%s can be opened for writing", path);
        close(fd);
    }
    if (directory)
        closedir(directory);
}

int main(void) {
    walk("/proc", 0);
    holds(looked > 200, "it looked at hundreds of files in /proc");
    static const char *const unreadable[] = {"/proc/kcore",       "/proc/kmsg",      "/proc/sysrq-trigger",
                                             "/proc/kpagecount",  "/proc/kpageflags", "/proc/slabinfo",
                                             "/proc/vmallocinfo", "/proc/sys/kernel/cad_pid"};
    char bytes[4096];
    for (size_t i = 0; i < sizeof unreadable / sizeof unreadable[0]; i++) {
        int fd = open(unreadable[i], O_RDONLY | O_NONBLOCK);
        fails(unreadable[i], fd < 0 ? -1 : read(fd, bytes, sizeof bytes));
    }
    static const char *const writes[][2] = {{"/proc/sysrq-trigger", "h"},
                                            {"/proc/sys/kernel/core_pattern", "|/tmp/x"},
                                            {"/proc/sys/kernel/hostname", "escaped"},
                                            {"/proc/sys/kernel/domainname", "escaped"},
                                            {"/proc/sys/kernel/modprobe", "/tmp/x"},
                                            {"/proc/sys/kernel/hotplug", "/tmp/x"},
                                            {"/proc/sys/vm/overcommit_memory", "1"},
                                            {"/proc/sys/vm/drop_caches", "1"},
                                            {"/proc/sys/fs/suid_dumpable", "2"},
                                            {"/proc/sys/fs/binfmt_misc/register", ":x:M::x::/tmp/x:"},
                                            {"/proc/sys/user/max_user_namespaces", "1000"},
                                            {"/proc/sys/net/ipv4/ip_forward", "1"},
                                            {"/proc/sys/net/ipv4/ping_group_range", "0 9"},
                                            {"/proc/sys/kernel/shmmax", "1"},
                                            {"/proc/sys/kernel/ns_last_pid", "1"},
                                            {"/proc/self/uid_map", "0 0 1"},
                                            {"/proc/self/setgroups", "allow"}};
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        int fd = open(writes[i][0], O_WRONLY);
        fails(writes[i][0], fd < 0 ? -1 : write(fd, writes[i][1], strlen(writes[i][1])));
    }
    /* Keyrings belong to no namespace: their names would tell about the host's user. */
    int keys = open("/proc/keys", O_RDONLY);
    ssize_t got = keys < 0 ? 0 : read(keys, bytes, sizeof bytes);
    holds(got <= 0, "/proc/keys shows no key");
    fails("/sys", open("/sys/kernel", O_RDONLY));
    fails("/sys/fs/cgroup", open("/sys/fs/cgroup/cgroup.procs", O_RDONLY));
    fails("debugfs", open("/sys/kernel/debug", O_RDONLY));
    fails("efivars", open("/sys/firmware", O_RDONLY));
    return done();
}
