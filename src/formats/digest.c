/* Digests: MD5, SHA-1, SHA-224 and SHA-256 because formats ask for them, XXH3 for our own caches. */

#include "formats_private.h"

#include <errno.h>
#include <fcntl.h>
#include <md5.h>
#include <sha1.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

struct guild_digest {
	enum guild_digest_kind kind;
	union {
		MD5_CTX md5;
		SHA1_CTX sha1;
		SHA2_CTX sha2;
	} state;
};

enum { READ_SIZE = 64 << 10, SHA224_BYTES = 28 };

/* SHA-224 is SHA-256 from other initial values, cut (FIPS 180-4, 5.3.2); libmd has no call of its own for it. */
static const uint32_t sha224_initial[8] = {0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939,
	0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4};

static void put_hex(const unsigned char *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = 0;
}

static void start(struct guild_digest *d, enum guild_digest_kind kind)
{
	d->kind = kind;
	switch (kind) {
	case GUILD_MD5:
		MD5Init(&d->state.md5);
		break;
	case GUILD_SHA1:
		SHA1Init(&d->state.sha1);
		break;
	case GUILD_SHA224:
		SHA256Init(&d->state.sha2);
		memcpy(d->state.sha2.state.st32, sha224_initial, sizeof(sha224_initial));
		break;
	case GUILD_SHA256:
		SHA256Init(&d->state.sha2);
		break;
	}
}

static void finish(struct guild_digest *d, char out[65])
{
	unsigned char raw[SHA256_DIGEST_LENGTH];
	switch (d->kind) {
	case GUILD_MD5:
		MD5Final(raw, &d->state.md5);
		put_hex(raw, MD5_DIGEST_LENGTH, out);
		break;
	case GUILD_SHA1:
		SHA1Final(raw, &d->state.sha1);
		put_hex(raw, SHA1_DIGEST_LENGTH, out);
		break;
	case GUILD_SHA224:
		SHA256Final(raw, &d->state.sha2);
		put_hex(raw, SHA224_BYTES, out);
		break;
	case GUILD_SHA256:
		SHA256Final(raw, &d->state.sha2);
		put_hex(raw, SHA256_DIGEST_LENGTH, out);
		break;
	}
}

struct guild_digest *guild_digest_new(enum guild_digest_kind kind)
{
	struct guild_digest *d = guild_alloc(sizeof *d);
	start(d, kind);
	return d;
}

void guild_digest_update(struct guild_digest *d, const void *p, size_t n)
{
	if (n == 0) {
		return;
	}
	switch (d->kind) {
	case GUILD_MD5:
		MD5Update(&d->state.md5, p, n);
		break;
	case GUILD_SHA1:
		SHA1Update(&d->state.sha1, p, n);
		break;
	case GUILD_SHA224:
	case GUILD_SHA256:
		SHA256Update(&d->state.sha2, p, n);
		break;
	}
}

void guild_digest_finish(struct guild_digest *d, char out[65])
{
	finish(d, out);
	free(d);
}

void guild_digest_bytes(enum guild_digest_kind kind, const void *p, size_t n, char out[65])
{
	struct guild_digest d;
	start(&d, kind);
	guild_digest_update(&d, p, n);
	finish(&d, out);
}

int guild_digest_file(enum guild_digest_kind kind, const char *path, char out[65],
	struct guild_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	struct guild_digest d;
	unsigned char *block = guild_alloc(READ_SIZE);
	int rc = 0;
	start(&d, kind);
	for (;;) {
		ssize_t n = read(fd, block, READ_SIZE);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			rc = guild_error_errno(err, errno, "cannot read '%s'", path);
		}
		if (n <= 0) {
			break;
		}
		guild_digest_update(&d, block, (size_t)n);
	}
	free(block);
	close(fd);
	if (rc == 0) {
		finish(&d, out);
	}
	return rc;
}

void guild_fast_hash(const void *p, size_t n, char out[33])
{
	XXH128_canonical_t canonical;
	XXH128_canonicalFromHash(&canonical, XXH3_128bits(p, n));
	put_hex(canonical.digest, sizeof canonical.digest, out);
}
