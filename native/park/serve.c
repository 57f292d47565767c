/*
 * A template: stands at the point for ever, and gives each sandbox that asks a fork of itself.
 *
 * The fork is the sandbox's own from its first instruction: the template sets the pid namespace for its
 * next child; that one, which shares its memory for a moment (vfork), makes the fork and ends, so that
 * the parent of the fork is pid 1 of the sandbox, like that of a program. It enters the other namespaces,
 * gives up all that the template may, and only then says that it is there. Neither reads anything of
 * a user's before that; the template never does.
 */
#include "../launcher/enter.h"
#include "../launcher/launcher.h"
#include "park.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int namespace_types[ENTERED] = {
    [ENTER_PID] = CLONE_NEWPID,  [ENTER_MNT] = CLONE_NEWNS,  [ENTER_NET] = CLONE_NEWNET,
    [ENTER_IPC] = CLONE_NEWIPC,  [ENTER_UTS] = CLONE_NEWUTS, [ENTER_CGROUP] = CLONE_NEWCGROUP,
    [ENTER_USER] = CLONE_NEWUSER};

static void say(int channel, const struct enter_word *word) {
    (void)!send(channel, word, sizeof *word, MSG_NOSIGNAL);
}

/* ---- the template ---- */

/* A folder of /proc/self, whose entries are numbers. */
static int count_numbers(const char *path, bool (*counts)(int number)) {
    DIR *folder = opendir(path);
    if (!folder)
        return -1;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        int number = atoi(entry->d_name);
        bool is_number = entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
        count += is_number && number != dirfd(folder) && counts(number);
    }
    closedir(folder);
    return count;
}

static bool counts_always(int number) {
    (void)number;
    return true;
}

/* Besides its streams and our own. What the program's own fork makes anew, or the library puts in place
 * of another, may be there: pipes, event counters (which have no type), and files without a name. */
static bool is_shared_file(int fd) {
    struct stat status;
    if (fd <= 2 || fd == PARK_FD || fstat(fd, &status) < 0)
        return false;
    mode_t type = status.st_mode & S_IFMT;
    bool is_renewed = type == S_IFIFO || type == 0 || (type == S_IFREG && status.st_nlink == 0);
    return !(is_renewed && is_point_at_read());
}

void refuse_template(const char *format, ...) {
    struct enter_word word = {.kind = WORD_FAILED};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(word.text, sizeof word.text, format, arguments);
    va_end(arguments);
    say(PARK_FD, &word);
    _exit(EXIT_OURS);
}

/* A thread would not be in a fork, and an open file would be in all of them. */
static void refuse_what_cannot_fork(void) {
    int threads = count_numbers("/proc/self/task", counts_always);
    int files = count_numbers("/proc/self/fd", is_shared_file);
    if (threads != 1 || files != 0)
        refuse_template("it has %d threads and %d open files", threads, files);
}

/* False when nobody can ask any more. */
static bool receive(struct enter_request *request, int fds[ENTER_FDS]) {
    union {
        char bytes[CMSG_SPACE(ENTER_FDS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {.iov_base = request, .iov_len = sizeof *request};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t got;
    do
        got = recvmsg(PARK_FD, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *first = got == sizeof *request ? CMSG_FIRSTHDR(&header) : NULL;
    size_t count = first ? (first->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
    if (count < ENTER_FDS - 1)
        return false;
    fds[ENTER_STDIN] = -1;
    memcpy(fds, CMSG_DATA(first), count * sizeof(int));
    return true;
}

static void close_all(const int fds[ENTER_FDS]) {
    for (int i = 0; i < ENTER_FDS; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* ---- the fork ---- */

/* Written by the child that shares our memory. */
static volatile pid_t forked;
/* Its own pid, as the sandbox numbers it. */
static volatile pid_t between_inside;

/* True in the fork. */
static bool fork_into(int pid_namespace) {
    static pid_t (*libc_vfork)(void);
    if (!libc_vfork)
        libc_vfork = (pid_t(*)(void))dlsym(RTLD_NEXT, "vfork");
    forked = -1;
    if (!libc_vfork || setns(pid_namespace, CLONE_NEWPID) < 0)
        return false;
    /* Both come back here, one after the other, on the same stack. */
    volatile pid_t between = libc_vfork();
    if (between == 0) {
        between_inside = getpid();
        pid_t pid = fork_of_libc();
        if (pid == 0)
            return true;
        forked = pid;
        _exit(0);
    }
    while (between > 0 && waitpid(between, NULL, __WALL) < 0 && errno == EINTR)
        ;
    return false;
}

static void set_limit(int resource, rlim_t most) {
    struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
    if (setrlimit(resource, &limit) < 0)
        die("set limit %d to %llu", resource, (unsigned long long)most);
}

/* Those in which one sandbox differs from another; the template has the others, see command.c. */
static void set_limits(const struct enter_request *request) {
    set_limit(RLIMIT_NOFILE, request->open_files);
    if (request->cpu_us)
        set_limit(RLIMIT_CPU, request->cpu_us / 1000000 + 2);
    if (request->processes)
        set_limit(RLIMIT_NPROC, request->processes);
}

/* As become_inside_user() and setup_privileges() of the launcher, with the filter as the last. */
static void enter(const struct enter_request *request, const int fds[ENTER_FDS]) {
    set_failure_channel(-1);
    for (int i = ENTER_MNT; i < ENTERED; i++)
        if (setns(fds[i], namespace_types[i]) < 0)
            die("enter namespace %d of the sandbox", i);
    /* As system calls: libc's would make all threads of the template do the same. */
    if (syscall(SYS_setresgid, INSIDE_ID, INSIDE_ID, INSIDE_ID) < 0 ||
        syscall(SYS_setresuid, INSIDE_ID, INSIDE_ID, INSIDE_ID) < 0)
        die("become the sandbox's user");
    setup_privileges();
    /* For pid 1 alone; a program may be traced by its like. */
    if (prctl(PR_SET_DUMPABLE, 1) < 0)
        die("allow tracing");
    if (chdir(request->cwd) < 0)
        die("enter the folder %s", request->cwd);
    setsid();
    int in = fds[ENTER_STDIN] >= 0 ? fds[ENTER_STDIN] : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0 || dup2(in, 0) < 0 || dup2(fds[ENTER_STDOUT], 1) < 0 ||
        dup2(fds[ENTER_STDERR], 2) < 0)
        die("connect the program's streams");
    if (fds[ENTER_STDIN] < 0)
        close(in);
    set_limits(request);
    static struct plan plan;
    plan.cgroup_count = !request->is_sampled;
    (void)setup_seccomp(&plan);
}

static char await_letter(int channel) {
    char letter = 0;
    ssize_t got;
    do
        got = recv(channel, &letter, 1, 0);
    while (got < 0 && errno == EINTR);
    if (got != 1)
        _exit(EXIT_OURS);
    return letter;
}

/* The supervisor says ATTACHED when the fork is in its cgroups, so that what it takes now counts as its
 * own; the sandbox's pid 1 says GO once the program's file is there. */
static void await_go(int channel, bool is_spare) {
    /* The one between us and the template may not have been let end yet, and would be our parent; and it
     * would be seen until the template has waited for it. */
    while (kill(between_inside, 0) == 0 || errno != ESRCH)
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    struct enter_word parked = {.kind = WORD_PARKED, .pid = getpid()};
    say(channel, &parked);
    if (await_letter(channel) != ATTACHED)
        _exit(EXIT_OURS);
    take_pages();
    if (is_spare)
        take_more_pages(channel);
    forget_pages();
    char word = await_letter(channel);
    if (word != GO && word != GO_AND_TELL)
        _exit(EXIT_OURS);
    if (word == GO_AND_TELL)
        promise_last_word();
}

static int failure_fd = -1;

static void tell_failure(const char *line, size_t length) {
    struct enter_word word = {.kind = WORD_FAILED};
    memcpy(word.text, line, length < sizeof word.text ? length : sizeof word.text - 1);
    say(failure_fd, &word);
}

pid_t serve_forks(void) {
    refuse_what_cannot_fork();
    if (has_entry() && learn_pages())
        return 0;
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigprocmask(SIG_BLOCK, &block, &before);
    set_status_channel(tell_failure, NULL);
    struct enter_word ready = {.kind = WORD_PARKED};
    say(PARK_FD, &ready);
    for (;;) {
        struct enter_request request;
        int fds[ENTER_FDS];
        if (!receive(&request, fds))
            _exit(0);
        failure_fd = fds[ENTER_CHANNEL];
        if (fork_into(fds[ENTER_PID])) {
            close(PARK_FD);
            enter(&request, fds);
            await_go(fds[ENTER_CHANNEL], request.is_spare);
            close_all(fds);
            sigprocmask(SIG_SETMASK, &before, NULL);
            return 0;
        }
        if (forked < 0) {
            struct enter_word word = {.kind = WORD_FAILED};
            snprintf(word.text, sizeof word.text, "fork: %s", strerror(errno));
            say(fds[ENTER_CHANNEL], &word);
        }
        close_all(fds);
    }
}
