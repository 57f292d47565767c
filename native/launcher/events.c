/*
 * What the supervisor tells its owner about calls that wait, with sockets of the sandbox's network. The
 * channel is the one that Node has for its own children (`stdio: "ipc"`): lines of JSON, of which some
 * come with a file descriptor. Source: lib/internal/child_process.js of Node, `handleConversion`.
 *
 * It is never waited for long: a program can't hold up the supervisor by way of a busy owner.
 */
#include "asks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVENT_BYTES 4096
/* An answer to the owner's own request is waited for so long. */
#define PATIENCE_MS 5000

void setup_events(void) {
    if (fcntl(EVENTS_FD, F_SETFL, O_NONBLOCK) < 0)
        die("make the events' channel non-blocking");
}

/* A short line goes as a whole or not at all: unix(7), stream sockets take up to a page at once. */
static bool send_line(const char *line, size_t length, int fd) {
    if (fd >= 0)
        return send_with_fds(EVENTS_FD, line, length, &fd, 1);
    return send(EVENTS_FD, line, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static size_t format_line(char *line, const char *format, va_list arguments) {
    int used = vsnprintf(line, EVENT_BYTES - 1, format, arguments);
    if (used < 0 || used >= EVENT_BYTES - 1)
        die_plain("an event is too long");
    line[used] = '\n';
    return (size_t)used + 1;
}

bool send_event(const char *format, ...) {
    char line[EVENT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_line(line, format, arguments);
    va_end(arguments);
    return send_line(line, length, -1);
}

bool send_socket(uint64_t id, const struct endpoint *endpoint, bool listens, int fd) {
    struct sockaddr_storage address;
    write_endpoint(endpoint, &address);
    const char *type = endpoint->protocol == PROTOCOL_UDP ? "dgram.Socket"
                       : listens                          ? "net.Server"
                                                          : "net.Socket";
    char line[EVENT_BYTES];
    int length = snprintf(line, sizeof line,
                          "{\"cmd\":\"NODE_HANDLE\",\"type\":\"%s\",\"dgramType\":\"%s\","
                          "\"msg\":{\"event\":\"socket\",\"id\":\"%" PRIu64 "\",\"error\":0}}\n",
                          type, address.ss_family == AF_INET ? "udp4" : "udp6", id);
    struct pollfd polls = {.fd = EVENTS_FD, .events = POLLOUT};
    return poll(&polls, 1, PATIENCE_MS) > 0 && send_line(line, (size_t)length, fd);
}

bool drain_events(void) {
    char bytes[4096];
    ssize_t got;
    while ((got = read(EVENTS_FD, bytes, sizeof bytes)) > 0)
        ;
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

void to_hex(const char *bytes, size_t count, char *digits) {
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *digits++ = hex[(unsigned char)bytes[i] >> 4];
        *digits++ = hex[(unsigned char)bytes[i] & 15];
    }
    *digits = '\0';
}

/* A number of its status; `fallback` where it has none. */
static pid_t status_number(int proc, pid_t thread, const char *name, pid_t fallback) {
    char path[64], status[4096];
    snprintf(path, sizeof path, "%d/status", thread);
    if (read_text_at(proc, path, status, sizeof status) < 0)
        return fallback;
    const char *line = strstr(status, name);
    int number = fallback;
    if (!line)
        return fallback;
    /* Of several, one for each namespace, the last is its own's. */
    for (const char *next = line + strlen(name); sscanf(next, "\t%d", &number) == 1;)
        next += 1 + strspn(next + 1, "0123456789");
    return number;
}

pid_t process_of(int proc, pid_t thread) {
    return status_number(proc, thread, "\nTgid:", thread);
}

struct process_words describe_process(int proc, pid_t thread) {
    pid_t process = process_of(proc, thread);
    struct process_words words = {.pid = status_number(proc, process, "\nNSpid:", 0)};
    char path[64], name[32], executable[512];
    snprintf(path, sizeof path, "%d/comm", process);
    ssize_t length = read_text_at(proc, path, name, sizeof name);
    if (length > 16)
        length = 16;
    if (length > 0)
        to_hex(name, (size_t)(name[length - 1] == '\n' ? length - 1 : length), words.name);
    snprintf(path, sizeof path, "%d/exe", process);
    length = readlinkat(proc, path, executable, sizeof executable);
    if (length > 0)
        to_hex(executable, (size_t)length, words.executable);
    return words;
}
