/* Preloaded into the product's processes: writes down what they ask of the files that must survive a power loss.
 *
 * The journal (JOURNAL_FILE, appended to by all processes) holds each write with its offset and bytes, and each sync with
 * its beginning and its end. What was written before a sync began that has ended is on disk; of everything else nobody
 * knows. A write is noted after it was made, so a sync that began between the two is not believed to have covered it.
 *
 * Record: op, path length (1 byte each), 2 bytes of padding, thread id (4), offset (8), length (8), path, bytes.
 * Ops: w write, b sync begins, e sync has ended, t truncated to length, u unlinked.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <errno.h>

struct record {
    uint8_t op, path_length;
    uint16_t padding;
    uint32_t thread;
    uint64_t offset, length;
};

static int journal = -1;
static useconds_t sync_takes; /* JOURNAL_SYNC_MS: a disk slower than this machine's, so that a cut finds syncs under way */
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t), (*real_truncate)(const char *, off_t);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_truncate = dlsym(RTLD_NEXT, "truncate64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    const char *file = getenv("JOURNAL_FILE");
    if (!file) return;
    const char *ms = getenv("JOURNAL_SYNC_MS");
    sync_takes = ms ? (useconds_t)atoi(ms) * 1000 : 0;
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    journal = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 700); /* out of the way of those who close or count low ones */
    if (fd >= 0) close(fd);
    if (journal < 0) { perror("journal"); abort(); }
}

static int ends(const char *text, size_t length, const char *end) {
    size_t n = strlen(end);
    return length >= n && memcmp(text + length - n, end, n) == 0;
}

static size_t watched_path(const char *path, size_t length) {
    if (length > 255) return 0;
    return ends(path, length, ".incr.aof") || ends(path, length, "/leads.db") || ends(path, length, "/leads.db-wal") ? length : 0;
}

static size_t watched(int fd, char *path) {
    char link[40];
    if (journal < 0 || fd < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    return length <= 0 ? 0 : watched_path(path, (size_t)length);
}

static void note(char op, const char *path, size_t path_length, uint64_t offset, uint64_t length, const void *bytes, size_t size) {
    int kept = errno;
    struct record head = {(uint8_t)op, (uint8_t)path_length, 0, (uint32_t)syscall(SYS_gettid), offset, length};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, path_length}, {(void *)bytes, size}};
    ssize_t wanted = (ssize_t)(sizeof head + path_length + size);
    if (real_writev(journal, parts, 3) != wanted) abort(); /* one call: records of two processes never mix */
    errno = kept;
}

ssize_t write(int fd, const void *bytes, size_t size) {
    char path[PATH_MAX];
    ssize_t done = real_write(fd, bytes, size);
    size_t n = done > 0 ? watched(fd, path) : 0;
    if (n) note('w', path, n, (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), (uint64_t)done, bytes, (size_t)done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset) {
    char path[PATH_MAX];
    ssize_t done = real_pwrite(fd, bytes, size, offset);
    size_t n = done > 0 ? watched(fd, path) : 0;
    if (n) note('w', path, n, (uint64_t)offset, (uint64_t)done, bytes, (size_t)done);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) { return pwrite64(fd, bytes, size, offset); }

static int synced(int fd, int (*sync)(int)) {
    char path[PATH_MAX];
    size_t n = watched(fd, path);
    if (n) note('b', path, n, 0, 0, NULL, 0);
    if (n) usleep(sync_takes);
    int answer = sync(fd);
    if (n && answer == 0) note('e', path, n, 0, 0, NULL, 0);
    return answer;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int ftruncate64(int fd, off_t length) {
    char path[PATH_MAX];
    int answer = real_ftruncate(fd, length);
    size_t n = answer == 0 ? watched(fd, path) : 0;
    if (n) note('t', path, n, 0, (uint64_t)length, NULL, 0);
    return answer;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int truncate64(const char *name, off_t length) {
    char path[PATH_MAX];
    int answer = real_truncate(name, length);
    size_t n = answer == 0 && journal >= 0 && realpath(name, path) ? watched_path(path, strlen(path)) : 0;
    if (n) note('t', path, n, 0, (uint64_t)length, NULL, 0);
    return answer;
}

int truncate(const char *name, off_t length) { return truncate64(name, length); }

int unlink(const char *name) {
    char path[PATH_MAX];
    size_t n = journal >= 0 && realpath(name, path) ? watched_path(path, strlen(path)) : 0;
    int answer = real_unlink(name);
    if (n && answer == 0) note('u', path, n, 0, 0, NULL, 0);
    return answer;
}
