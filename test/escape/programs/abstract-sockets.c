/* With the host's network: its abstract sockets are still not the program's. argv[1]: the name */
#include "attack.h"

int main(int argc, char **argv) {
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (int i = 0; i < 3; i++) {
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        strcpy(to.sun_path + 1, argv[1]);
        socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(argv[1]);
        int fd = socket(AF_UNIX, types[i], 0);
        fails("connect", connect(fd, (void *)&to, length));
        fails("sendto", sendto(fd, "x", 1, 0, (void *)&to, length));
    }
    return done();
}
