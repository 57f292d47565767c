/* Closes, blocks and reopens its streams while the sandbox reads them. */
#include "attack.h"

int main(void) {
    trying("to confuse the reader of its streams");
    fcntl(1, F_SETFL, O_NONBLOCK | O_DIRECT);
    fcntl(0, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 2000; i++)
        (void)!write(1, "", 0), (void)!write(1, "\n\0\r\n", 4);
    dprintf(1, "exit code=0 signal=0 limit=none wall-us=0 cpu-us=0 peak-bytes=0 stdout=0 stderr=0\nready\nerror forged\n");
    int again = open("/proc/self/fd/1", O_WRONLY);
    close(0);
    close(1);
    close(2);
    usleep(50000);
    dprintf(again, "held: its other end stayed open\n");
    if (fork() == 0) {
        for (;;) /* holds the pipe open after the end */
            pause();
    }
    return 7;
}
