/* Files that are hard to name, to enter and to delete, in every writable folder. */
#include "attack.h"

static void fill(const char *folder) {
    char name[300];
    if (chdir(folder) < 0)
        return;
    static const char *const names[] = {"new\nline", "\xff\xfe invalid", "-rf", "--", " ", "~", "$(id)", "`id`", "a\tb", "\x1b[2J",
                                        "*", "?", "\\", "|x", ";", "\"", "'", "...", "%s%n", "con\r"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        close(open(names[i], O_CREAT | O_WRONLY, 0644));
    memset(name, 'n', 255);
    name[255] = '\0';
    close(open(name, O_CREAT | O_WRONLY, 0644));
    mkfifo("fifo", 0600);
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    bind(sock, (void *)&address, sizeof address);
    symlink("/", "to-root");
    symlink("self", "self");
    symlink("/proc/1/root", "to-pid1");
    mkdir("closed", 0700);
    close(open("closed/inside", O_CREAT | O_WRONLY, 0));
    chmod("closed", 0);
    int deep = 0;
    for (; deep < 400; deep++)
        if (mkdir("d", 0755) < 0 || chdir("d") < 0)
            break;
    held("%s has odd files and %d folders in each other", folder, deep);
}

int main(int argc, char **argv) {
    static const char *const all[] = {"/workspace", "/tmp", "/dev/shm", "/home/sandbox"};
    for (int i = 0; i < 4; i++)
        fill(all[i]);
    return done();
}
