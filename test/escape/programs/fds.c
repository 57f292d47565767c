/* What the program is started with: fds, their other ends, and the state of a process. argv[1]: `quiet`
 * for no signals to pid 1's group. */
#include "attack.h"
#include <dirent.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

extern char **environ;

int main(int argc, char **argv) {
    int open_fds = 0;
    for (int fd = 0; fd < 4096; fd++)
        open_fds += fcntl(fd, F_GETFD) >= 0;
    holds(open_fds == 3, "exactly three fds are open");
    for (int fd = 3; fd < 64; fd++) {
        char forged[] = "exit code=0 signal=0 limit=none wall-us=1 cpu-us=1 peak-bytes=1\n";
        if (write(fd, forged, sizeof forged - 1) >= 0)
            escaped("fd %d can be written to", fd);
    }
    held("no status line can be forged on fds 3 to 63");
    for (int fd = 0; fd < 3; fd++) {
        char path[64], link[64] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        (void)!readlink(path, link, sizeof link - 1);
        holds(!strncmp(link, "pipe:", 5) || !strcmp(link, "/dev/null"), link);
        snprintf(path, sizeof path, "/proc/self/fd/%d/..", fd);
        fails("the folder of an fd", open(path, O_RDONLY));
        fails("openat below an fd", openat(fd, "..", O_RDONLY));
        fails("fchdir to an fd", fchdir(fd));
        fails("send over an fd", send(fd, "x", 1, 0));
        struct msghdr message = {0};
        fails("sendmsg over an fd", sendmsg(fd, &message, 0));
        fails("recvmsg from an fd", recvmsg(fd, &message, MSG_DONTWAIT));
        int number;
        fails("terminal's foreground group", ioctl(fd, TIOCGPGRP, &number));
        fails("window size", ioctl(fd, TIOCGWINSZ, path));
        fails("namespace of an fd", ioctl(fd, 0xb701 /* NS_GET_USERNS */));
        fails("seek", lseek(fd, 0, SEEK_END));
        fails("map", mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
        if (argc < 2)
            fcntl(fd, F_SETOWN, -1); /* pid 1's group */
        fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
        fcntl(fd, F_SETSIG, SIGKILL);
        fcntl(fd, F_SETPIPE_SZ, 4096);
        fchmod(fd, 0);
        fchmod(fd, 0600);
    }
    /* Its stdin is a pipe: writing into it only reaches itself. */
    int own_stdin = open("/proc/self/fd/0", O_WRONLY | O_NONBLOCK);
    char filling[4096] = "";
    while (own_stdin >= 0 && write(own_stdin, filling, sizeof filling) > 0)
        ;
    held("it filled its own stdin");
    int own_output = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
    if (own_output >= 0)
        held("it can read back what it wrote itself");

    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    int odd = 0;
    for (int number = 1; number < 65; number++) {
        struct sigaction action;
        odd += sigismember(&mask, number) == 1;
        odd += sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
    }
    holds(odd == 0, "no signal is blocked or ignored");
    mode_t mode = umask(0);
    holds(mode == 022, "the umask is 022");
    holds(getpriority(PRIO_PROCESS, 0) == 0, "the nice value is 0");
    holds(getsid(0) == getpid() && getpgrp() == getpid(), "it leads its own session");
    holds(open("/dev/tty", O_RDWR) < 0, "it has no controlling terminal");
    holds(getauxval(AT_SECURE) == 0, "it is not run in secure mode");
    const char *name = (const char *)getauxval(AT_EXECFN);
    holds(name && !strcmp(name, argv[0]), "the kernel names it as it was called");
    for (char **variable = environ; *variable; variable++)
        if (strncmp(*variable, "PATH=", 5) && strncmp(*variable, "HOME=", 5) &&
            strncmp(*variable, "GLOVEBOX_TEST_MARK=", 19))
            escaped("inherited %s", *variable);
    held("the environment is what it was given");
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    holds(limit.rlim_max <= 64, "the limit of open files");
    int last = -1;
    for (int fd; (fd = open("/dev/null", O_RDONLY)) >= 0;)
        last = fd;
    holds(errno == EMFILE && last < 64, "open files run out at the limit");
    return done();
}
