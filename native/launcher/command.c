/* The program: the last steps between fork(2) and execve(2), with the words of an exec message. */
#include "copy.h"
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The shell's: sh(1), "Command Search and Execution". */
enum { EXIT_CANNOT_EXEC = 126, EXIT_NOT_FOUND = 127 };

/* More words than fit into EXEC_MESSAGE_MAX at 8 bytes of overhead each would not arrive. */
#define MAX_WORDS (64 << 10)

static char *argv[MAX_WORDS + 1];
static char *envp[MAX_WORDS + 1];

struct command {
    const char *cwd;
    uint64_t cpu_us; /* 0: unlimited */
    bool has_tty;
    bool collects; /* files, and runs no program */
    bool collects_changes;
};

static void add_word(char **words, size_t *count, const char *word) {
    if (*count == MAX_WORDS)
        die_plain("exec: more than %d words", MAX_WORDS);
    words[(*count)++] = (char *)(uintptr_t)word; /* execve(2) wants it so and does not write */
}

/* The supervisor has checked the keys. */
static struct command parse_command(const struct message *message) {
    struct command command = {.cwd = "/"};
    size_t argc = 0, envc = 0;
    uint32_t offset = 0;
    struct record record;
    while (next_record(message, &offset, &record)) {
        if (!strcmp(record.key, "argv"))
            add_word(argv, &argc, record.value);
        else if (!strcmp(record.key, "env"))
            add_word(envp, &envc, record.value);
        else if (!strcmp(record.key, "cwd"))
            command.cwd = record.value;
        else if (!strcmp(record.key, "tty"))
            command.has_tty = true;
        else if (!strcmp(record.key, "collect"))
            command.collects = true;
        else if (!strcmp(record.key, "changes"))
            command.collects_changes = true;
        else if (!strcmp(record.key, "cpu-us"))
            command.cpu_us =
                strcmp(record.value, "unlimited") ? parse_number(record.key, record.value) : 0;
    }
    return command;
}

static void limit(const char *name, int resource, rlim_t soft, rlim_t hard) {
    struct rlimit value = {.rlim_cur = soft, .rlim_max = hard};
    if (setrlimit(resource, &value) < 0)
        die("limit %s to %llu", name, (unsigned long long)hard);
}

/* For a resource that gVisor's kernel does not have, and therefore lets nobody limit. On Linux lowering
 * a limit is never refused. */
static void limit_if_known(const struct plan *plan, const char *name, int resource, rlim_t most) {
    struct rlimit value = {.rlim_cur = most, .rlim_max = most};
    if (setrlimit(resource, &value) < 0 && !(plan->is_container && errno == EPERM))
        die("limit %s to %llu", name, (unsigned long long)most);
}

/* setrlimit(2). Memory and processes of the whole sandbox are the cgroup's, or sampled. */
static void setup_limits(const struct plan *plan, const struct command *command) {
    /* A fork of a template has its own sandbox's, which may be higher than another's. */
    if (!plan->is_template)
        limit("open files", RLIMIT_NOFILE, plan->open_files, plan->open_files);
    limit("stack size", RLIMIT_STACK, 8 << 20, 64 << 20);
    limit("locked memory", RLIMIT_MEMLOCK, 64 << 10, 64 << 10);
    /* They would not count as memory or disk. */
    limit_if_known(plan, "message queues", RLIMIT_MSGQUEUE, 0);
    /* Each timer of timer_create(2) counts as one, and is kernel memory. */
    limit_if_known(plan, "pending signals", RLIMIT_SIGPENDING, 1024);
    limit_if_known(plan, "nice", RLIMIT_NICE, 0);
    limit_if_known(plan, "real-time priority", RLIMIT_RTPRIO, 0);
    if (plan->file_size_bytes)
        limit("file size", RLIMIT_FSIZE, plan->file_size_bytes, plan->file_size_bytes);
    /* With a cgroup its pids.max counts, and tells us when it was reached. Without one, since Linux
     * 5.14, this counts the processes of this user namespace only: ours and the program's. A container
     * has none of its own, and the user's processes in others would count. */
    if (!plan->cgroup_count && !plan->is_container && !plan->is_template) {
        rlim_t ours = 1 + (plan->asks_network ? 1 : 0); /* pid 1 and the agent */
        limit("processes", RLIMIT_NPROC, plan->processes + ours, plan->processes + ours);
    }
    /* The supervisor ends the sandbox at the limit; this is the wall behind it, for each process. */
    if (command->cpu_us) {
        rlim_t seconds = command->cpu_us / 1000000 + 2;
        limit("CPU time", RLIMIT_CPU, seconds, seconds);
    }
}

static void setup_streams(const int fds[3], bool has_tty) {
    int in = fds[0] >= 0 ? fds[0] : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0 || dup2(in, 0) < 0 || dup2(fds[1], 1) < 0 || dup2(fds[2], 2) < 0)
        die("connect the program's streams");
    if (has_tty && ioctl(0, TIOCSCTTY, 0) < 0)
        die("give the program its terminal");
}

/* What the supervisor or its owner ignores, as the background jobs of a shell do SIGINT, and what pid 1
 * blocks would be inherited over execve(2). */
static void reset_signals(void) {
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* SIGKILL and SIGSTOP can't be, and are */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

NORETURN static void cannot_run(const char *what, int error) {
    const char *reason = error == ENOENT ? "not found" : strerror(error);
    char shown[256];
    snprintf(shown, sizeof shown, "%s", what);
    for (char *byte = shown; *byte; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 0x7f)
            *byte = '?'; /* it is shown on terminals */
    dprintf(2, "glovebox: cannot run %s: %s\n", shown, reason);
    _exit(error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
}

static const char *path_of_environment(void) {
    for (char **variable = envp; *variable; variable++)
        if (!strncmp(*variable, "PATH=", 5))
            return *variable + 5;
    return "/usr/local/bin:/usr/bin:/bin";
}

/* As execvpe(3), with the program's own PATH and without its fallback to a shell. */
NORETURN static void exec_from_path(const char *name) {
    int error = ENOENT;
    const char *folder = path_of_environment();
    while (*folder) {
        size_t length = strcspn(folder, ":");
        char file[PATH_MAX];
        int used = snprintf(file, sizeof file, "%.*s/%s", (int)length, folder, name);
        if (length && used > 0 && (size_t)used < sizeof file) {
            execve(file, argv, envp);
            if (errno != ENOENT && errno != ENOTDIR)
                error = errno;
        }
        folder += length + (folder[length] == ':');
    }
    cannot_run(name, error);
}

/* Where the park library expects them, see park/park.h; it closes both. */
static void pass_park_fds(int park_channel) {
    enum { PARK_LIBRARY_FD = 8, PARK_CHANNEL_FD = 9 };
    int above = fcntl(park_channel, F_DUPFD_CLOEXEC, PARK_CHANNEL_FD + 1);
    if (above < 0 || dup2(library_fd(), PARK_LIBRARY_FD) < 0 || dup2(above, PARK_CHANNEL_FD) < 0)
        die("pass the park library");
}

void run_command(const struct plan *plan, const struct message *message, const int fds[3],
                 int park_channel) {
    struct command command = parse_command(message);
    if ((argv[0] != NULL) + command.collects + command.collects_changes != 1)
        die_plain("exec: no program, or one besides `collect` or `changes`");
    setsid();
    setup_streams(fds, command.has_tty);
    if (park_channel >= 0)
        pass_park_fds(park_channel);
    setup_limits(plan, &command);
    reset_signals();
    umask(022);
    if (chdir(command.cwd) < 0)
        cannot_run(command.cwd, errno);
    if (command.collects)
        collect_files(message);
    if (command.collects_changes)
        collect_changes(message);
    if (strchr(argv[0], '/')) {
        execve(argv[0], argv, envp);
        cannot_run(argv[0], errno);
    }
    exec_from_path(argv[0]);
}
