/*
 * Starts a program as a warm sandbox would, for the tests:
 *
 *   host LIBRARY 'MODE POINT ENTRY' PRELUDE PROGRAM [ARGUMENT]...
 *
 * PRELUDE is the file of a value of GLOVEBOX_PRELUDE, or empty. fd 3 is a socket to the test: `p` is
 * said when the program stands at the point, and each byte that comes is a run of it, in this folder and
 * with this process's streams. A run in mode serve is answered by `PID STATUS FAULTS MICROSECONDS\n`: its
 * page faults and its CPU time. This process ends as the last run did.
 */
#include "../park.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEST_FD = 3 };

static void fail(const char *what) {
    perror(what);
    exit(99);
}

static void set_prelude(const char *file) {
    static char text[1 << 16];
    int fd = open(file, O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (length < 0)
        fail(file);
    close(fd);
    setenv("GLOVEBOX_PRELUDE", text, 1);
}

static int start_program(char **argv, pid_t *pid) {
    int pair[2];
    int library = open(argv[1], O_RDONLY);
    if (library < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        fail("start");
    setenv("GLOVEBOX_PARK", argv[2], 1);
    if (*argv[3])
        set_prelude(argv[3]);
    setenv("LD_PRELOAD", "/proc/self/fd/8", 1);
    *pid = fork();
    if (*pid == 0) {
        int program_end = fcntl(pair[1], F_DUPFD, 20);
        library = fcntl(library, F_DUPFD, 20);
        for (int fd = TEST_FD; fd < 20; fd++)
            close(fd);
        dup2(library, LIBRARY_FD);
        dup2(program_end, PARK_FD);
        close(library);
        close(program_end);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(argv[4], argv + 4);
        fail(argv[4]);
    }
    close(pair[1]);
    close(library);
    return pair[0];
}

/* Asks the template for a run, and tells of its end. */
static int run_fork(int channel) {
    char folder[4096], text[128];
    char control[CMSG_SPACE(3 * sizeof(int))];
    if (!getcwd(folder, sizeof folder))
        fail("getcwd");
    struct iovec piece = {folder, strlen(folder)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(3 * sizeof(int));
    memcpy(CMSG_DATA(header), (int[]){0, 1, 2}, 3 * sizeof(int));
    if (sendmsg(channel, &message, MSG_NOSIGNAL) < 0)
        fail("sendmsg");
    ssize_t length = recv(channel, text, sizeof text - 1, 0);
    if (length > 0) /* the first is its pid */
        length = recv(channel, text, sizeof text - 1, 0);
    if (length <= 0)
        fail("the template ended");
    text[length] = '\0';
    if (write(TEST_FD, text, (size_t)length) < 0)
        fail("write");
    return atoi(strchr(text, ' ') + 1);
}

static void end_as(int status) {
    if (WIFEXITED(status))
        exit(WEXITSTATUS(status));
    signal(WTERMSIG(status), SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    kill(getpid(), WTERMSIG(status));
    pause();
}

int main(int argc, char **argv) {
    char byte;
    int status = 0;
    pid_t pid;
    if (argc < 5)
        return 99;
    bool is_served = strncmp(argv[2], "serve", 5) == 0;
    int channel = start_program(argv, &pid);
    if (recv(channel, &byte, 1, 0) != 1 || byte != 'p')
        fail("the program did not come to the point");
    if (write(TEST_FD, "p", 1) != 1)
        fail("write");
    while (read(TEST_FD, &byte, 1) == 1) {
        if (is_served) {
            status = run_fork(channel);
            continue;
        }
        if (send(channel, &byte, 1, MSG_NOSIGNAL) != 1)
            fail("send");
        waitpid(pid, &status, 0);
        break;
    }
    if (is_served) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    end_as(status);
}
