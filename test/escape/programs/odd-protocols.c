/* Rarely tested protocols of IP, which a socket(2) by an ordinary program would load and start. */
#include "attack.h"
#include <netinet/in.h>

int main(void) {
    static const struct {
        const char *name;
        int type, protocol;
    } protocols[] = {
        {"SCTP stream", SOCK_STREAM, 132},   {"SCTP seqpacket", SOCK_SEQPACKET, 132},
        {"DCCP", 6 /* SOCK_DCCP */, 33},     {"UDP-Lite", SOCK_DGRAM, 136},
        {"L2TP", SOCK_DGRAM, 115},           {"MPTCP", SOCK_STREAM, 262},
        {"SMC", SOCK_STREAM, 256},           {"unknown", SOCK_DGRAM, 200},
    };
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++) {
        refused(protocols[i].name, socket(AF_INET, protocols[i].type, protocols[i].protocol));
        refused(protocols[i].name, socket(AF_INET6, protocols[i].type, protocols[i].protocol));
    }
    return done();
}
