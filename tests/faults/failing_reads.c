/* Loaded before libc: reading a file named by FAILING_NAME beyond byte FAILING_FROM fails as a bad disk does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fails(int file, off_t at) {
    char link[64], path[4096];
    const char *name = getenv("FAILING_NAME"), *from = getenv("FAILING_FROM");
    if (!name || !from || at < atoll(from)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strstr(path, name) != NULL;
}

ssize_t read(int file, void *into, size_t size) {
    static ssize_t (*next)(int, void *, size_t);
    if (!next) next = dlsym(RTLD_NEXT, "read");
    off_t at = lseek(file, 0, SEEK_CUR);
    if (at >= 0 && fails(file, at + (off_t)size - 1)) { errno = EIO; return -1; }
    return next(file, into, size);
}
