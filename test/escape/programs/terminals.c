/* Typing on somebody's behalf, on a terminal of the program's own and on the host's. */
#include "attack.h"
#include <sys/ioctl.h>

int main(void) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    int number = 0, zero = 0, discipline = 2;
    ioctl(master, _IOW('T', 0x31, int), &zero); /* TIOCSPTLCK */
    ioctl(master, _IOR('T', 0x30, unsigned), &number);
    char path[32];
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    setsid();
    int slave = open(path, O_RDWR);
    holds(master >= 0, "its own terminal is its own");
    int fds[] = {master, slave, 0, 1, 2};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] < 0)
            continue;
        refused("TIOCSTI", ioctl(fds[i], 0x5412, "x"));
        refused("TIOCSTI with high bits", syscall(SYS_ioctl, fds[i], 0xff00005412ul, "x"));
        refused("TIOCLINUX", ioctl(fds[i], 0x541C, "\2"));
        refused("TIOCSETD", ioctl(fds[i], 0x5423, &discipline));
        fails("TIOCCONS", ioctl(fds[i], 0x541D, 0));
    }
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY);
    if (slave < 0)
        holds(terminal < 0, "there is no controlling terminal");
    static const char *const consoles[] = {"/dev/console", "/dev/tty0", "/dev/tty1", "/dev/ttyS0", "/dev/vcs"};
    for (size_t i = 0; i < sizeof consoles / sizeof consoles[0]; i++)
        fails(consoles[i], open(consoles[i], O_RDWR));
    return done();
}
