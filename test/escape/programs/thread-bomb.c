/* Threads count as processes do. argv[1]: the limit */
#include "attack.h"
#include <pthread.h>

static void *sleeper(void *nothing) {
    for (;;)
        pause();
    return nothing;
}

int main(int argc, char **argv) {
    int made = 0, limit = atoi(argv[1]);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    for (pthread_t thread; made < 4 * limit; made++)
        if (pthread_create(&thread, &attributes, sleeper, NULL))
            break;
    holds(made < limit, "threads are refused at the limit");
    holds(made > limit / 2, "but not long before");
    return done();
}
