/* The host's sockets, by every address. argv: TCP port, UDP port, the host's address, socket path, abstract name */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>

static void try_tcp(const char *address, int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int result = connect(fd, (void *)&to, sizeof to), error = 0;
    if (result < 0 && errno == EINPROGRESS) {
        struct pollfd waiting = {.fd = fd, .events = POLLOUT};
        socklen_t size = sizeof error;
        poll(&waiting, 1, 300);
        result = waiting.revents ? getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) : -1;
        if (error)
            errno = error, result = -1;
    }
    char what[80];
    snprintf(what, sizeof what, "TCP %s:%d", address, port);
    fails(what, result);
    close(fd);
}

static void try_udp(const char *address, int port, int flag) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &flag, sizeof flag);
    long sent = sendto(fd, "x", 1, 0, (void *)&to, sizeof to);
    /* On its own loopback a datagram goes out and to nobody; the host's listener tells. */
    held("UDP %s: %s", address, sent < 0 ? strerror(errno) : "sent");
    close(fd);
}

static void try_unix(const char *what, const char *name, size_t length, int type) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, name, length);
    int fd = socket(AF_UNIX, type, 0);
    fails(what, connect(fd, (void *)&to, offsetof(struct sockaddr_un, sun_path) + length));
    close(fd);
}

int main(int argc, char **argv) {
    int tcp = atoi(argv[1]), udp = atoi(argv[2]);
    const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "0.0.0.0", "169.254.169.254", "169.254.170.2",
                                     "10.0.0.1",  "192.168.0.1", "172.17.0.1", "8.8.8.8", "255.255.255.255", argv[3]};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        try_tcp(addresses[i], tcp);
        try_udp(addresses[i], udp, 1);
    }
    try_tcp("169.254.169.254", 80);
    try_tcp("8.8.8.8", 53);
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(tcp)};
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &six.sin6_addr);
    fails("mapped address", connect(socket(AF_INET6, SOCK_STREAM, 0), (void *)&six, sizeof six));
    inet_pton(AF_INET6, "fd00:ec2::254", &six.sin6_addr);
    fails("metadata over IPv6", connect(socket(AF_INET6, SOCK_STREAM, 0), (void *)&six, sizeof six));
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    char abstract[108] = "";
    strcpy(abstract + 1, argv[5]);
    for (int i = 0; i < 3; i++) {
        try_unix("socket by path", argv[4], strlen(argv[4]) + 1, types[i]);
        try_unix("abstract socket", abstract, strlen(argv[5]) + 1, types[i]);
        try_unix("X11", "\0/tmp/.X11-unix/X0", 18, types[i]);
        try_unix("D-Bus", "/run/dbus/system_bus_socket", 28, types[i]);
        try_unix("Docker", "/var/run/docker.sock", 21, types[i]);
    }
    return done();
}
