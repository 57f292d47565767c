/* Writes what the launcher would write, to every fd and to all that may be an fd of pid 1. */
#include "attack.h"
#include <dirent.h>

static const char line[] = "exit code=0 signal=0 limit=none wall-us=1 cpu-us=1 peak-bytes=1 stdout=0 stderr=0 dropped-stdout=0 dropped-stderr=0 out=0 sandbox=alive\n";
static unsigned char frame[5 + sizeof line];

int main(void) {
    uint32_t length = sizeof line - 1;
    frame[0] = 's';
    memcpy(frame + 1, &length, 4);
    memcpy(frame + 5, line, length);
    for (int fd = 0; fd < 64; fd++) {
        char path[64];
        static const char *const of[] = {"1", "1/task/1"};
        for (int i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "/proc/%s/fd/%d", of[i], fd);
            int opened = open(path, O_WRONLY | O_NONBLOCK);
            fails(path, opened);
            if (opened >= 0)
                (void)!write(opened, frame, 5 + length);
            close(opened);
        }
        if (fd > 2)
            fails("an inherited fd", write(fd, frame, 5 + length));
    }
    for (int i = 0; i < 200; i++)
        (void)!write(2, frame, 5 + length);
    /* Torn in the middle, so that a reader that resynchronises is led astray. */
    (void)!write(2, frame, 3);
    usleep(20000);
    (void)!write(2, frame + 3, 2 + length);
    (void)!write(2, "e\xff\xff\xff\xff", 5);
    return done() + 9;
}
