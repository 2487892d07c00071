/* Taking URLs apart, and where their files are cached. */

#include "url.h"

#include <ctype.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* Cuts `rest` at the first `mark`; what follows goes to *tail. */
static void cut(char *rest, char mark, char **tail)
{
	char *at = strchr(rest, mark);

	*tail = guild_strdup(at ? at + 1 : "");
	if (at) {
		*at = '\0';
	}
}

static size_t scheme_length(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || (n > 0 && strchr("+-.", text[n]) && text[n])) {
		n++;
	}
	return n > 0 && text[n] == ':' && isalpha((unsigned char)text[0]) ? n : 0;
}

void guild_url_split(const char *text, struct guild_url *out)
{
	size_t n_scheme = scheme_length(text);
	char *rest = guild_strdup(n_scheme ? text + n_scheme + 1 : text);

	*out = (struct guild_url){.scheme = guild_strndup(text, n_scheme)};
	for (char *c = out->scheme; *c; c++) {
		*c = (char)tolower((unsigned char)*c);
	}
	cut(rest, '#', &out->fragment);
	cut(rest, '?', &out->query);
	if (guild_starts(rest, "//")) {
		size_t n_host = strcspn(rest + 2, "/");

		out->host = guild_strndup(rest + 2, n_host);
		out->path = guild_strdup(rest + 2 + n_host);
	} else {
		out->host = guild_strdup("");
		out->path = guild_strdup(rest);
	}
	char *last = strrchr(out->path, '/');

	cut(last ? last : out->path, ';', &out->params);
	free(rest);
}

void guild_url_fini(struct guild_url *u)
{
	free(u->scheme);
	free(u->host);
	free(u->path);
	free(u->params);
	free(u->query);
	free(u->fragment);
	*u = (struct guild_url){0};
}

static int hex(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *guild_url_decode(const char *text)
{
	struct guild_buf out = {0};

	for (const char *c = text; *c; c++) {
		int high = *c == '%' ? hex(c[1]) : -1;
		int low = high >= 0 ? hex(c[2]) : -1;

		if (low >= 0) {
			guild_buf_putc(&out, (char)(high * 16 + low));
			c += 2;
		} else {
			guild_buf_putc(&out, *c);
		}
	}
	return guild_buf_take(&out);
}

/* SHA-224 is SHA-256 from other initial values, cut (FIPS 180-4, 5.3.2); libmd has no call of its own for it. */
enum { SHA224_BYTES = 28, SHA224_HEX = 2 * SHA224_BYTES };

static void sha224_hex(const void *p, size_t n, char out[SHA224_HEX + 1])
{
	static const uint32_t initial[8] = {0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939,
		0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4};
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	memcpy(ctx.state.st32, initial, sizeof(initial));
	SHA256Update(&ctx, p, n);
	SHA256Final(digest, &ctx);
	for (size_t i = 0; i < SHA224_BYTES; i++) {
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
	}
}

int guild_net_cache_path(const char *cache_dir, const char *url, char **out,
	struct guild_error *err)
{
	struct guild_url parts;
	struct guild_buf key = {0};
	char digest[SHA224_HEX + 1];
	int rc = 0;

	guild_url_split(url, &parts);
	char *name = guild_url_decode(guild_path_basename(parts.path));

	if (!*parts.scheme) {
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' is not a URL", url);
	} else if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
		   strcmp(name, "..") == 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "URL '%s' names no file", url);
	} else {
		guild_buf_printf(&key, "%s\n%s\n%s\n%s\n%s\n%s", parts.scheme, parts.host,
			parts.path, parts.params, parts.query, parts.fragment);
		sha224_hex(key.p, key.n, digest);
		*out = guild_path_join3(cache_dir, digest, name);
	}
	free(name);
	guild_buf_fini(&key);
	guild_url_fini(&parts);
	return rc;
}

char *guild_net_url_shown(const char *url)
{
	const char *host = strstr(url, "://");
	const char *end = host ? host + 3 + strcspn(host + 3, "/?#") : NULL;
	const char *at = end;

	while (at && at > host && *at != '@') {
		at--;
	}
	const char *colon =
		at && *at == '@' ? memchr(host + 3, ':', (size_t)(at - host - 3)) : NULL;

	return colon ? guild_format("%.*s****%s", (int)(colon + 1 - url), url, at)
		     : guild_strdup(url);
}
