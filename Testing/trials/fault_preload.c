/* Kills the process, or lets a call fail, at the n-th change of the file system below a folder.

   cc -shared -fPIC -O1 -o fault_preload.so fault_preload.c -ldl; LD_PRELOAD=…/fault_preload.so python …
   fault_arm(root, n, error): error 0 kills (before odd events take effect; a write is done by half), else the call fails with
   this error number, and so do all later ones that need space. fault_count() returns the number of events since. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char root[PATH_MAX];
static volatile long count = 0, target = -1;
static int error_number = 0, armed = 0;

void fault_arm(const char *folder, long n, int error) {
    strncpy(root, folder, sizeof root - 1);
    count = 0, target = n, error_number = error, armed = 1;
}
void fault_disarm(void) { armed = 0; }
long fault_count(void) { return count; }

static int below(const char *path) {
    char full[PATH_MAX];
    if (!armed || !path) return 0;
    if (path[0] != '/') {
        if (!getcwd(full, sizeof full)) return 0;
        strncat(full, "/", sizeof full - strlen(full) - 1);
        strncat(full, path, sizeof full - strlen(full) - 1);
        path = full;
    }
    return strncmp(path, root, strlen(root)) == 0;
}
static int below_fd(int fd) {
    char name[64], path[PATH_MAX];
    if (!armed) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return strncmp(path, root, strlen(root)) == 0;
}
/* Counts an event; returns 1 where it is the one. */
static int hit(int needs_space) {
    long n = __sync_add_and_fetch(&count, 1);
    if (n == target && !error_number) return 1;
    if (target > 0 && n >= target && error_number && (n == target || needs_space)) return 1;
    return 0;
}
static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }
#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define FAULT(condition, space) if ((condition) && hit(space)) { if (!error_number) die(); errno = error_number; return -1; }

ssize_t write(int fd, const void *data, size_t n) {
    REAL(write);
    if (below_fd(fd) && hit(1)) {
        if (error_number) { errno = error_number; return -1; }
        real(fd, data, n / 2);
        die();
    }
    return real(fd, data, n);
}
ssize_t writev(int fd, const struct iovec *parts, int n) { REAL(writev); FAULT(below_fd(fd), 1) return real(fd, parts, n); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { REAL(pwrite64); FAULT(below_fd(fd), 1) return real(fd, data, n, at); }
int fsync(int fd) { REAL(fsync); FAULT(below_fd(fd), 1) return real(fd); }
int syncfs(int fd) { REAL(syncfs); FAULT(below_fd(fd), 1) return real(fd); }
int rename(const char *a, const char *b) { REAL(rename); FAULT(below(a) || below(b), 0) return real(a, b); }
int renameat2(int da, const char *a, int db, const char *b, unsigned flags) {
    REAL(renameat2); FAULT(below(a) || below(b), 0) return real(da, a, db, b, flags);
}
int link(const char *a, const char *b) { REAL(link); FAULT(below(a) || below(b), 1) return real(a, b); }
int linkat(int da, const char *a, int db, const char *b, int flags) { REAL(linkat); FAULT(below(a) || below(b), 1) return real(da, a, db, b, flags); }
int unlink(const char *a) { REAL(unlink); FAULT(below(a), 0) return real(a); }
int unlinkat(int d, const char *a, int flags) { REAL(unlinkat); FAULT(a[0] == '/' ? below(a) : below_fd(d), 0) return real(d, a, flags); }
int rmdir(const char *a) { REAL(rmdir); FAULT(below(a), 0) return real(a); }
int mkdir(const char *a, mode_t mode) { REAL(mkdir); FAULT(below(a), 1) return real(a, mode); }
int ftruncate64(int fd, off64_t n) { REAL(ftruncate64); FAULT(below_fd(fd), 1) return real(fd, n); }

#define OPEN(name) \
int name(const char *path, int flags, ...) { \
    mode_t mode = 0; va_list rest; va_start(rest, flags); if (flags & O_CREAT) mode = va_arg(rest, mode_t); va_end(rest); \
    REAL(name); FAULT((flags & O_CREAT) && below(path), 1) return real(path, flags, mode); }
OPEN(open)
OPEN(open64)
