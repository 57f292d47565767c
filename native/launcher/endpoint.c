/* Addresses and ports, of either family in one form: ip(7), ipv6(7). */
#include "asks.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct in6_addr *address) {
    return !memcmp(address, v4_mapped, sizeof v4_mapped);
}

static void map_v4(struct in6_addr *address, const struct in_addr *v4) {
    memcpy(address->s6_addr, v4_mapped, sizeof v4_mapped);
    memcpy(address->s6_addr + sizeof v4_mapped, v4, sizeof *v4);
}

bool read_endpoint(const struct sockaddr_storage *from, socklen_t length,
                   struct endpoint *endpoint) {
    *endpoint = (struct endpoint){0};
    if (from->ss_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        map_v4(&endpoint->address, &v4->sin_addr);
        endpoint->port = ntohs(v4->sin_port);
        return true;
    }
    /* SIN6_LEN_RFC2133: without the scope it is an address, too. */
    if (from->ss_family == AF_INET6 && length >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        endpoint->address = v6->sin6_addr;
        endpoint->port = ntohs(v6->sin6_port);
        return true;
    }
    return false;
}

socklen_t write_endpoint(const struct endpoint *endpoint, struct sockaddr_storage *to) {
    *to = (struct sockaddr_storage){0};
    if (is_v4(&endpoint->address)) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)to;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(endpoint->port);
        memcpy(&v4->sin_addr, endpoint->address.s6_addr + sizeof v4_mapped, sizeof v4->sin_addr);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint->port);
    v6->sin6_addr = endpoint->address;
    return sizeof *v6;
}

static bool is_own(const struct in6_addr *address) {
    struct in_addr v4;
    struct in6_addr own;
    if (!is_v4(address))
        return inet_pton(AF_INET6, OWN_ADDRESS6, &own) == 1 && IN6_ARE_ADDR_EQUAL(address, &own);
    inet_pton(AF_INET, OWN_ADDRESS, &v4);
    return !memcmp(address->s6_addr + sizeof v4_mapped, &v4, sizeof v4);
}

/* What the sandbox's own network has without our doing, 0.0.0.0 and :: included: they mean this host. */
bool is_loopback(const struct endpoint *endpoint) {
    const struct in6_addr *address = &endpoint->address;
    if (is_own(address))
        return true;
    if (!is_v4(address))
        return IN6_IS_ADDR_LOOPBACK(address) || IN6_IS_ADDR_UNSPECIFIED(address);
    const uint8_t *v4 = address->s6_addr + sizeof v4_mapped;
    return v4[0] == 127 || !(v4[0] | v4[1] | v4[2] | v4[3]);
}

void show_address(const struct endpoint *endpoint, char *text) {
    const struct in6_addr *address = &endpoint->address;
    if (is_v4(address))
        inet_ntop(AF_INET, address->s6_addr + sizeof v4_mapped, text, INET6_ADDRSTRLEN);
    else
        inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
}

struct endpoint parse_endpoint(const struct record *record, const char *text) {
    const char *address = next_field(record, text);
    const char *port = next_field(record, address);
    bool is_udp = !strcmp(text, "udp");
    uint64_t number = parse_number("port", port);
    struct endpoint endpoint = {.protocol = is_udp ? PROTOCOL_UDP : PROTOCOL_TCP,
                                .port = (uint16_t)number};
    struct in_addr v4;
    if ((!is_udp && strcmp(text, "tcp")) || number < 1 || number > UINT16_MAX)
        die_plain("endpoint: neither tcp nor udp, or no port: %.20s %.20s", text, port);
    if (inet_pton(AF_INET, address, &v4) == 1)
        map_v4(&endpoint.address, &v4);
    else if (inet_pton(AF_INET6, address, &endpoint.address) != 1)
        die_plain("endpoint: not an address: %.60s", address);
    return endpoint;
}
