/*
 * Pid 1 of a container whose walls an engine has built (Docker, Podman, gVisor): starts the commands
 * that its owner asks for, moves their streams, keeps the limits that the engine does not keep.
 *
 * The owner has two streams from us and one to us, so two things share one: fd 0 takes the messages
 * with the program's stdin in them, fd 1 gives the program's stdout as it is, and fd 2 gives frames,
 * of the program's stderr (`e`) and of status lines (`s`).
 *
 * The program has the same uid and lives beside this process. It can't trace it (seal_process), can't
 * signal it (the kernel shields pid 1 from signals of its own namespace that it does not take), and has
 * none of its fds. gVisor's kernel shields less: there the filter refuses signals to pid 1, and a
 * program may open our streams by /proc/1/fd. What it writes there the owner takes for its output, but
 * not for our word: each status line begins with a token that only the owner and this process know.
 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* An owner whose engine died may never close our stdin. Pools are renewed more often. */
#define IDLE_MS (15 * 60 * 1000)
/* How long the owner may take to read our last words. */
#define FLUSH_MS 1000

#define WORKSPACE "/workspace/"

#define TOKEN_LENGTH 32

static struct supervisor self;
static pid_t command;
static uint64_t cpu_us_then;
static int child_failure = -1; /* where a child of ours says why it could not become the program */
static const char *token = "";
static bool input_is_pending; /* the owner waits for the word that its last input was taken */

/* ---- fd 2 ---- */

static void flush(void) {
    struct pump *pump = &self.pumps[STDERR_PUMP];
    while (pump->start < pump->end) {
        struct pollfd poll_fd = {.fd = 2, .events = POLLOUT};
        ssize_t put = write(2, pump->bytes + pump->start, pump->end - pump->start);
        if (put > 0)
            pump->start += (size_t)put;
        else if ((errno != EAGAIN && errno != EINTR) || poll(&poll_fd, 1, FLUSH_MS) == 0)
            return;
    }
}

/* Frames of both kinds wait in one buffer, so none gets into the middle of another. */
static void take_status(const char *line, size_t length) {
    struct pump *pump = &self.pumps[STDERR_PUMP];
    memmove(pump->bytes, pump->bytes + pump->start, pump->end - pump->start);
    pump->end -= pump->start;
    pump->start = 0;
    size_t marked = strlen(token) + length;
    if (pump->end + FRAME_HEADER_BYTES + marked > PUMP_BUFFER_BYTES + FRAME_ROOM_BYTES)
        flush();
    if (pump->end + FRAME_HEADER_BYTES + marked > PUMP_BUFFER_BYTES + FRAME_ROOM_BYTES)
        return; /* nobody reads */
    unsigned char *frame = pump->bytes + pump->end;
    write_frame_header(frame, 's', marked);
    memcpy(frame + FRAME_HEADER_BYTES, token, strlen(token));
    memcpy(frame + FRAME_HEADER_BYTES + strlen(token), line, length);
    pump->end += FRAME_HEADER_BYTES + marked;
}

/* ---- messages ---- */

/* Path, mode, content of a file; of a large one only the first piece, `file-more` has the others.
 * They come before the first command, so all folders are ours. */
static void take_file(const struct record *record, int flags) {
    const char *path = record->value;
    const char *mode = next_field(record, path);
    const char *content = next_field(record, mode);
    char where[PATH_MAX];
    if (strncmp(path, WORKSPACE, strlen(WORKSPACE)) || strlen(path) >= sizeof where)
        die_plain("file: not below %s: %.100s", WORKSPACE, path);
    strcpy(where, path);
    make_parents(where);
    int fd = open(where, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
    if (fd < 0)
        die("create file %s", path);
    for (const char *end = record->value + record->length; content < end;) {
        ssize_t wrote = write(fd, content, (size_t)(end - content));
        if (wrote < 0)
            die("write file %s", path);
        content += wrote;
    }
    if (fchmod(fd, (mode_t)strtoul(mode, NULL, 8) & 0777) < 0)
        die("set the mode of %s", path);
    close(fd);
}

static void take_input(const struct record *record) {
    struct pump *pump = &self.pumps[STDIN_PUMP];
    if (pump->start != pump->end || record->length > PUMP_BUFFER_BYTES)
        die_plain("input: more than was asked for");
    input_is_pending = true;
    if (!pump->is_fed || pump->to < 0)
        return; /* nobody reads it any more */
    memcpy(pump->bytes, record->value, record->length);
    pump->start = 0;
    pump->end = record->length;
    pump_move(pump);
}

static void take_input_end(void) {
    struct pump *pump = &self.pumps[STDIN_PUMP];
    pump->is_fed = false;
    pump_move(pump);
}

static bool take(struct supervisor *supervisor, const struct record *record) {
    (void)supervisor;
    if (!strcmp(record->key, "file"))
        take_file(record, O_CREAT | O_EXCL);
    else if (!strcmp(record->key, "file-more"))
        take_file(record, O_APPEND);
    else if (!strcmp(record->key, "input"))
        take_input(record);
    else if (!strcmp(record->key, "input-end"))
        take_input_end();
    else if (!strcmp(record->key, "sync"))
        send_status("ready");
    else
        return false;
    return true;
}

/* ---- the program ---- */

static void start(struct supervisor *supervisor, const struct message *message, const int fds[3]) {
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        die("create a channel");
    struct rusage usage;
    cpu_us_then = children_cpu_us(&usage);
    pid_t pid = fork();
    if (pid < 0)
        die("start a process");
    if (pid == 0) {
        set_failure_channel(channel[1]);
        const int own[3] = {fds[2], fds[0], fds[1]};
        run_command(supervisor->plan, message, own);
    }
    close(channel[1]);
    command = pid;
    child_failure = channel[0];
}

static void send_signal(struct supervisor *supervisor, int number) {
    (void)supervisor;
    if (command)
        signal_command(command, number);
}

static void kill_all(struct supervisor *supervisor) {
    supervisor->run.sandbox_dead = true;
    kill(-1, SIGKILL);
}

static void finish(struct supervisor *supervisor) {
    (void)supervisor;
    flush();
    exit(0); /* the kernel kills the rest */
}

static void on_child(void) {
    struct reply reply = {.kind = REPLY_EXITED};
    if (!command || !reap_until(command, &reply.wait_status))
        return;
    struct reply failure;
    if (recv(child_failure, &failure, sizeof failure, MSG_DONTWAIT) == sizeof failure)
        die_plain("%s", failure.text);
    close(child_failure);
    end_command(self.plan, cpu_us_then, &reply);
    command = 0;
    self.run.reply = reply;
    end_run(&self);
}

static void poll_children(const struct supervisor *supervisor, struct pollfd polls[BACKEND_POLLS]) {
    polls[0] = (struct pollfd){.fd = supervisor->signal_fd, .events = POLLIN};
}

static void on_polled(struct supervisor *supervisor, const struct pollfd polls[BACKEND_POLLS]) {
    char discarded[128]; /* a signalfd_siginfo(2) */
    if (polls[0].revents) {
        (void)!read(supervisor->signal_fd, discarded, sizeof discarded);
        on_child();
    }
    struct pump *input = &supervisor->pumps[STDIN_PUMP];
    if (input_is_pending && input->start == input->end) {
        input_is_pending = false;
        send_status("input-taken");
    }
}

static const struct backend container = {
    .start = start,
    .signal = send_signal,
    .kill = kill_all,
    .finish = finish,
    .take = take,
    .poll = poll_children,
    .on_polled = on_polled,
};

/* ---- set-up ---- */

/* The engine has mounted a tmpfs at each folder that the plan calls writable. */
static void open_scratch(const struct plan *plan, struct sandbox *sandbox) {
    sandbox->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (sandbox->proc_fd < 0)
        die("open /proc");
    sandbox->ptmx_fd = open("/dev/ptmx", O_PATH | O_CLOEXEC);
    for (size_t i = 0; i < plan->entry_count; i++) {
        const struct entry *entry = &plan->entries[i];
        if (entry->kind != ENTRY_WRITABLE || sandbox->scratch_count == MAX_SCRATCH)
            die_plain("container: only its engine makes mounts: %.100s", entry->path);
        int fd = open(entry->path, O_PATH | O_CLOEXEC);
        if (fd < 0)
            die("open %s", entry->path);
        sandbox->scratch_fds[sandbox->scratch_count++] = fd;
    }
}

static void require_pid_1(void) {
    if (getpid() != 1)
        die_plain("container: this process is not pid 1");
    struct stat status;
    for (int fd = 0; fd <= 2; fd++)
        if (fstat(fd, &status) < 0)
            die("container: fd %d", fd);
    (void)syscall(SYS_close_range, 3, ~0u, 0);
}

void supervise_container(void) {
    static struct plan plan;
    static struct sandbox sandbox;
    signal(SIGPIPE, SIG_IGN);
    require_pid_1();
    setup_pumps(&self);
    set_status_channel(take_status, flush);
    require_no_privileges();
    seal_process();

    struct message message;
    if (!read_create_message(0, &message))
        exit(0);
    parse_plan(&message, &plan);
    if (plan.cgroup_count)
        die_plain("container: only its engine makes cgroups");
    if (!plan.token || strlen(plan.token) != TOKEN_LENGTH)
        die_plain("container: a token of %d characters is missing", TOKEN_LENGTH);
    token = plan.token;
    plan.is_container = true;
    plan.cgroup_count = find_own_cgroup();
    sandbox.ids = (struct host_ids){.uid = getuid(), .gid = getgid()};
    open_scratch(&plan, &sandbox);
    setup_seccomp(&plan);

    self.plan = &plan;
    self.sandbox = &sandbox;
    self.backend = &container;
    self.idle_ms = IDLE_MS;
    self.stdin_is_fed = true;
    const int child = SIGCHLD;
    self.signal_fd = open_signals(&child, 1);
    setup_supervisor(&self);
    self.pumps[STDERR_PUMP].frame_kind = 'e';
    send_status("control counting %s", plan.cgroup_count ? "cgroup" : "sampled");
    supervise(&self);
}
