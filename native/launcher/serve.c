/*
 * Many sandboxes from one process of the owner's: a fork of this small process is a hundredth of what a
 * fork of Node costs.
 *
 *   owner ──lane 0──▶ supervisor of the sandbox that lane 0 has now
 *         ──lane 1──▶ supervisor …
 *         ──leash fd 3, requests──▶ this process
 *
 * A lane is a socket that the owner made before it started us: nobody else can reach it. What comes on
 * a free lane is a create message, so it gets a supervisor of its own, which ends with its sandbox.
 * When it ended as the owner asked, if only after its own `lost`, the lane gets the status `gone` and is
 * free for the next. A lane
 * whose supervisor ended otherwise is closed: what was on its way on it is not known.
 *
 * The first lanes are for templates, see template.c. What all others need of them is there before they are
 * forked: where a template takes its requests, the user namespace above all, the park library.
 *
 * On the leash come and go numbers of lanes, as u32: of one whose supervisor is to be killed, and of one
 * that is closed and has no supervisor any more. The leash's end is the end of all.
 */
#include "warm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LEASH_FD = 3, FIRST_LANE_FD = LIBRARY_PLACE + 1 };

static bool has_library;

struct lane {
    int fd;           /* -1: closed */
    pid_t supervisor; /* 0: it is free */
};

static struct lane *lanes;
static size_t lane_count, template_count;
static int *template_fds; /* where they take requests; -1: not there */
static int signal_fd = -1;

/* In a supervisor of a template. */
static size_t own_number = SIZE_MAX;
static int own_fd = -1;

int library_fd(void) {
    return has_library ? LIBRARY_PLACE : -1;
}

int template_fd(size_t number) {
    return number < template_count ? template_fds[number] : -1;
}

size_t own_template(void) {
    return own_number;
}

int own_template_fd(void) {
    return own_fd;
}

static void close_lane(struct lane *lane) {
    uint32_t number = (uint32_t)(lane - lanes);
    close(lane->fd);
    lane->fd = -1;
    (void)!write(LEASH_FD, &number, sizeof number);
}

/* In the child: nothing of the other lanes may stay open in it, or their ends would not be seen. */
NORETURN static void become_supervisor(int lane_fd, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(lane_fd, LANE_FD) < 0)
        _exit(1);
    for (size_t i = 0; i < lane_count; i++)
        close(lanes[i].fd);
    close(signal_fd);
    supervise_lane(false);
}

/* The side for requests stays with us, for all that come after it; the other is the template's alone, so
 * that its end is seen. */
static bool open_template(size_t number) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return false;
    template_fds[number] = fds[0];
    own_number = number;
    own_fd = fds[1];
    return true;
}

static void forget_template(size_t number) {
    if (number >= template_count || template_fds[number] < 0)
        return;
    close(template_fds[number]);
    template_fds[number] = -1;
}

static void start_supervisor(struct lane *lane) {
    pid_t parent = getpid();
    size_t number = (size_t)(lane - lanes);
    bool is_template = number < template_count;
    if (is_template && (holder_fd() < 0 || !has_library || !open_template(number))) {
        close_lane(lane);
        return;
    }
    pid_t pid = fork();
    if (pid == 0)
        become_supervisor(lane->fd, parent);
    if (is_template)
        close(own_fd);
    own_number = SIZE_MAX;
    own_fd = -1;
    if (pid < 0)
        close_lane(lane); /* the owner sees the end of it */
    else
        lane->supervisor = pid;
}

/* A frame, see frames.c. */
static bool tell_gone(const struct lane *lane) {
    static const char line[] = "gone\n";
    unsigned char frame[FRAME_HEADER_BYTES + sizeof line - 1];
    write_frame_header(frame, 's', sizeof line - 1);
    memcpy(frame + FRAME_HEADER_BYTES, line, sizeof line - 1);
    return write(lane->fd, frame, sizeof frame) == sizeof frame;
}

static void on_end(pid_t pid, int status) {
    for (size_t i = 0; i < lane_count; i++) {
        if (lanes[i].supervisor != pid)
            continue;
        lanes[i].supervisor = 0;
        forget_template(i);
        bool is_free = WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_LANE_FREE ||
                                             WEXITSTATUS(status) == EXIT_FAILED_LANE_FREE);
        if (!is_free || !tell_gone(&lanes[i]))
            close_lane(&lanes[i]);
    }
}

static void reap_supervisors(void) {
    struct signalfd_siginfo info;
    (void)!read(signal_fd, &info, sizeof info);
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        on_end(pid, status);
}

/* Kills a supervisor. False at the end of the leash. */
static bool take_request(void) {
    uint32_t number;
    if (read(LEASH_FD, &number, sizeof number) != sizeof number)
        return false;
    if (number < lane_count && lanes[number].supervisor)
        kill(lanes[number].supervisor, SIGKILL);
    return true;
}

/* What they get for it; who hangs is killed. */
#define END_MS 10000

/* Its pid may soon be somebody else's. */
static void forget_supervisor(pid_t pid) {
    for (size_t i = 0; i < lane_count; i++)
        if (lanes[i].supervisor == pid)
            lanes[i].supervisor = 0;
}

/* Their lanes have ended, too, by which they kill and clean up. */
NORETURN static void end_all(void) {
    for (size_t i = 0; i < lane_count; i++)
        if (lanes[i].fd >= 0)
            close_lane(&lanes[i]);
    pid_t ended;
    for (int waited_ms = 0; (ended = waitpid(-1, NULL, WNOHANG)) >= 0;) {
        if (ended > 0) {
            forget_supervisor(ended);
            continue;
        }
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        waited_ms += 10;
        for (size_t i = 0; waited_ms == END_MS && i < lane_count; i++)
            if (lanes[i].supervisor)
                kill(lanes[i].supervisor, SIGKILL);
    }
    exit(0);
}

static void on_lane(struct lane *lane) {
    char first;
    if (recv(lane->fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1)
        start_supervisor(lane);
    else
        close_lane(lane);
}

/* A copy of our own: who replaces the file changes nothing of what runs, and nobody sees where it lies. */
static bool load_library(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int copy = memfd_create("glovebox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool done = file >= 0 && copy >= 0;
    for (ssize_t sent = 1; done && sent > 0;) {
        sent = sendfile(copy, file, NULL, 1 << 20);
        done = sent >= 0;
    }
    if (file >= 0)
        close(file); /* it may have the place that the copy is to have */
    done =
        done && fchmod(copy, 0555) == 0 &&
        fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0 &&
        (copy == LIBRARY_PLACE || dup3(copy, LIBRARY_PLACE, O_CLOEXEC) == LIBRARY_PLACE);
    if (copy >= 0 && copy != LIBRARY_PLACE)
        close(copy);
    return done;
}

static void setup_lanes(size_t count) {
    lane_count = count;
    lanes = calloc(count, sizeof *lanes);
    if (!lanes)
        _exit(1);
    for (size_t i = 0; i < count; i++) {
        lanes[i].fd = FIRST_LANE_FD + (int)i;
        if (fcntl(lanes[i].fd, F_SETFD, FD_CLOEXEC) < 0)
            _exit(2);
    }
}

static void setup_templates(size_t count, const char *library) {
    template_fds = calloc(count + 1, sizeof *template_fds);
    if (!template_fds)
        _exit(1);
    for (size_t i = 0; i < count; i++)
        template_fds[i] = -1;
    template_count = count;
    has_library = library && load_library(library);
    if (count && has_library)
        create_holder();
}

void serve_lanes(size_t count, size_t templates, const char *library) {
    setup_lanes(count);
    setup_templates(templates, library);
    struct pollfd *polls = calloc(count + 2, sizeof *polls);
    if (!polls)
        _exit(1);
    const int child = SIGCHLD;
    signal_fd = open_signals(&child, 1);
    for (;;) {
        polls[0] = (struct pollfd){.fd = LEASH_FD, .events = POLLIN};
        polls[1] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
        for (size_t i = 0; i < count; i++)
            polls[2 + i] =
                (struct pollfd){.fd = lanes[i].supervisor ? -1 : lanes[i].fd, .events = POLLIN};
        if (poll(polls, count + 2, -1) < 0 && errno != EINTR)
            _exit(1);
        if (polls[1].revents)
            reap_supervisors();
        if (polls[0].revents && !take_request())
            end_all();
        for (size_t i = 0; i < count; i++)
            if (polls[2 + i].revents)
                on_lane(&lanes[i]);
    }
}
