/* Files of the host, by every name that a program could think of. argv: secret file, its folder, home */
#include "attack.h"
#include <dirent.h>

int main(int argc, char **argv) {
    static const char *const paths[] = {"/etc/shadow",          "/etc/shadow-",      "/etc/gshadow",       "/etc/sudoers",
                                        "/etc/machine-id",      "/etc/hostname",     "/etc/ssh",           "/etc/fstab",
                                        "/etc/ssl/private",     "/etc/crontab",      "/root",              "/root/.ssh",
                                        "/var",                 "/var/run",          "/var/run/docker.sock", "/run",
                                        "/run/docker.sock",     "/run/systemd",      "/run/dbus/system_bus_socket", "/run/secrets",
                                        "/srv",                 "/mnt",              "/media",             "/boot",
                                        "/boot/vmlinuz",        "/lost+found",       "/old",               "/new",
                                        "/scratch",             "/.dockerenv",       "/var/log",           "/var/tmp",
                                        "/proc/1/root/etc",     "/proc/self/root/etc/shadow", "/work",     "/tmp/.X11-unix"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        fails(paths[i], open(paths[i], O_RDONLY));
    for (int i = 1; i < argc; i++) {
        char path[4096];
        fails(argv[i], open(argv[i], O_RDONLY));
        snprintf(path, sizeof path, "/../../../..%s", argv[i]);
        fails(path, open(path, O_RDONLY));
        static const char *const roots[] = {"/proc/self/root", "/proc/self/cwd/../..", "/proc/thread-self/root/..",
                                            "/proc/1/root", "/proc/1/cwd", "/usr/..", "/workspace/.."};
        for (size_t j = 0; j < sizeof roots / sizeof roots[0]; j++) {
            snprintf(path, sizeof path, "%s%s", roots[j], argv[i]);
            fails(path, open(path, O_RDONLY));
        }
        symlink(argv[i], "/tmp/link");
        fails("a link of its own", open("/tmp/link", O_RDONLY));
        unlink("/tmp/link");
    }
    DIR *root = opendir("/");
    for (struct dirent *entry; root && (entry = readdir(root));) {
        char word[300];
        snprintf(word, sizeof word, " %s ", entry->d_name);
        if (!strstr(" . .. usr bin sbin lib lib32 lib64 libx32 etc proc dev tmp home workspace ", word))
            escaped("/%s is there", entry->d_name);
    }
    DIR *home = opendir("/home");
    for (struct dirent *entry; home && (entry = readdir(home));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "sandbox"))
            escaped("/home/%s is there", entry->d_name);
    held("/ and /home have only what they should");
    return done();
}
