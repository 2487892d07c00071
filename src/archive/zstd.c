/* Packing a stream by Zstandard, loaded on first use. A checksum is written: a tar archive has none for the content of files. */

#include "zstd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* The stable numbers of its interface; its headers are no build dependency. */
enum {
	PARAM_LEVEL = 100,
	PARAM_CHECKSUM = 201,
	PARAM_WORKERS = 400,
	OP_CONTINUE = 0,
	OP_END = 2,
	LEVEL = 3,
	MAX_WORKERS = 8,
	OUT_SIZE = 256 << 10,
};

struct out_buffer {
	void *dst;
	size_t size, pos;
};
struct in_buffer {
	const void *src;
	size_t size, pos;
};
struct guild_zstd {
	void *context;
	size_t (*free_context)(void *context);
	size_t (*set)(void *context, int param, int value);
	size_t (*compress)(void *context, struct out_buffer *out, struct in_buffer *in, int op);
	unsigned (*is_error)(size_t code);
	char *out;
};

int guild_zstd_new(struct guild_zstd **out, struct guild_error *err)
{
	void *handle = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL);
	struct guild_zstd *z = guild_alloc(sizeof(*z));
	void *(*make)(void) = NULL;
	const struct {
		const char *name;
		void *to;
	} functions[] = {
		{"ZSTD_createCCtx", (void *)&make},
		{"ZSTD_freeCCtx", (void *)&z->free_context},
		{"ZSTD_CCtx_setParameter", (void *)&z->set},
		{"ZSTD_compressStream2", (void *)&z->compress},
		{"ZSTD_isError", (void *)&z->is_error},
	};
	bool is_whole = handle != NULL;
	for (size_t i = 0; is_whole && i < GUILD_ARRAY_LEN(functions); i++) {
		*(void **)functions[i].to = dlsym(handle, functions[i].name);
		is_whole = *(void **)functions[i].to != NULL;
	}
	z->context = is_whole ? make() : NULL;
	if (!z->context) {
		free(z);
		guild_error_set(err, GUILD_EUNSUPPORTED, "libzstd is needed for .zst archives");
		guild_error_hint(err, "install package libzstd1, or write a .tar.gz");
		return GUILD_EUNSUPPORTED;
	}
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	(void)z->set(z->context, PARAM_LEVEL, LEVEL);
	(void)z->set(z->context, PARAM_CHECKSUM, 1);
	/* A library without threads says no, and packs all the same. */
	(void)z->set(z->context, PARAM_WORKERS,
		cpus < 2             ? 0
		: cpus > MAX_WORKERS ? MAX_WORKERS
				     : (int)cpus);
	z->out = guild_alloc(OUT_SIZE);
	*out = z;
	return 0;
}

int guild_zstd_write(struct guild_zstd *z, int fd, const void *p, size_t n, bool is_last)
{
	struct in_buffer in = {.src = p, .size = n};
	for (;;) {
		struct out_buffer out = {.dst = z->out, .size = OUT_SIZE};
		size_t left = z->compress(z->context, &out, &in, is_last ? OP_END : OP_CONTINUE);
		if (z->is_error(left)) {
			return -EIO;
		}
		int rc = guild_fd_write_all(fd, z->out, out.pos);
		if (rc != 0) {
			return rc;
		}
		if (is_last ? left == 0 : in.pos == in.size) {
			return 0;
		}
	}
}

void guild_zstd_free(struct guild_zstd *z)
{
	if (z) {
		(void)z->free_context(z->context);
		free(z->out);
		free(z);
	}
}
