/* The endpoints that something listens on for the program: calls to them are let through at once. */
#include "asks.h"

#include <string.h>

/* A hash table, linear probing; the owner keeps fewer than half as many. */
#define PLACES 16384u

enum place_state { PLACE_FREE, PLACE_TAKEN, PLACE_LEFT };

static struct place {
    uint8_t state;
    struct endpoint endpoint;
} places[PLACES];
static size_t used; /* those that were left included */

static bool is_same(const struct endpoint *left, const struct endpoint *right) {
    return left->protocol == right->protocol && left->port == right->port &&
           IN6_ARE_ADDR_EQUAL(&left->address, &right->address);
}

/* FNV-1a. A program that makes collisions slows its own connections down. */
static uint32_t hash_of(const struct endpoint *endpoint) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof endpoint->address; i++)
        hash = (hash ^ endpoint->address.s6_addr[i]) * 16777619u;
    hash = (hash ^ endpoint->port) * 16777619u;
    return (hash ^ endpoint->protocol) * 16777619u;
}

/* Where it is, or where it could be; NULL: it is not there, and there is no room. */
static struct place *find(const struct endpoint *endpoint) {
    struct place *left = NULL;
    uint32_t start = hash_of(endpoint);
    for (uint32_t i = 0; i < PLACES; i++) {
        struct place *place = &places[(start + i) % PLACES];
        if (place->state == PLACE_FREE)
            return left ? left : place;
        if (place->state == PLACE_LEFT && !left)
            left = place;
        if (place->state == PLACE_TAKEN && is_same(&place->endpoint, endpoint))
            return place;
    }
    return left;
}

bool is_approved(const struct endpoint *endpoint) {
    const struct place *place = find(endpoint);
    return place && place->state == PLACE_TAKEN;
}

/* What was left behind makes searches long. */
static void rebuild(void) {
    static struct place old[PLACES];
    memcpy(old, places, sizeof old);
    memset(places, 0, sizeof places);
    used = 0;
    for (size_t i = 0; i < PLACES; i++)
        if (old[i].state == PLACE_TAKEN) {
            *find(&old[i].endpoint) = old[i];
            used++;
        }
}

bool approve(const struct endpoint *endpoint) {
    if (used > PLACES / 2)
        rebuild();
    struct place *place = used > PLACES / 2 ? NULL : find(endpoint);
    if (!place)
        return false;
    used += place->state == PLACE_FREE;
    *place = (struct place){.state = PLACE_TAKEN, .endpoint = *endpoint};
    return true;
}

void withdraw(const struct endpoint *endpoint) {
    struct place *place = find(endpoint);
    if (place && place->state == PLACE_TAKEN)
        place->state = PLACE_LEFT;
}
