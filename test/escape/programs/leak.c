/* argv[1]: plant or look. What one run leaves, the next must not find. */
#include "attack.h"
#include <arpa/inet.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static const char *const files[] = {"/tmp/leaked", "/dev/shm/leaked", "/home/sandbox/leaked", "/workspace/leaked", "/var/tmp/leaked", "/run/leaked"};
enum { KEY = 0x1eaf, PORT = 4711 };

static int abstract(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0leak"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (void *)&address, sizeof(sa_family_t) + 5) == 0)
        listen(fd, 1);
    return fd;
}

static void plant(void) {
    for (size_t i = 0; i < 6; i++)
        close(open(files[i], O_CREAT | O_WRONLY, 0666));
    holds(access("/tmp/leaked", F_OK) == 0, "planted files");
    holds(shmget(KEY, 4096, IPC_CREAT | 0666) >= 0 || errno == ENOSYS, "planted SysV memory");
    semget(KEY, 1, IPC_CREAT | 0666);
    msgget(KEY, IPC_CREAT | 0666);
    sem_open("/leak", O_CREAT, 0666, 1);
    shm_open("/leak-shm", O_CREAT | O_RDWR, 0666);
    mq_open("/leak", O_CREAT | O_RDWR, 0666, NULL);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (void *)&address, sizeof address);
    listen(fd, 1);
    abstract();
    if (fork() == 0) {
        setsid();
        for (;;)
            pause();
    }
    held("planted ports and a process");
}

static void look(void) {
    for (size_t i = 0; i < 6; i++)
        fails(files[i], open(files[i], O_RDONLY));
    fails("SysV memory", shmget(KEY, 0, 0));
    fails("SysV semaphore", semget(KEY, 0, 0));
    fails("SysV queue", msgget(KEY, 0));
    holds(sem_open("/leak", 0) == SEM_FAILED, "POSIX semaphore");
    fails("POSIX memory", shm_open("/leak-shm", O_RDWR, 0));
    fails("POSIX queue", mq_open("/leak", O_RDWR));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    fails("port", connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&address, sizeof address));
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0leak"};
    fails("abstract socket", connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&name, sizeof(sa_family_t) + 5));
    int others = 0;
    for (int pid = 2; pid < 5000; pid++)
        others += pid != getpid() && kill(pid, 0) == 0;
    holds(others == 0, "no process by its number");
}

int main(int argc, char **argv) {
    if (!strcmp(argv[1], "plant"))
        plant();
    else
        look();
    return done();
}
