/*
 * Getting files by URL: file, http and https. Knows base only; the HTTP library is loaded on first use.
 */
#ifndef GUILD_NET_H
#define GUILD_NET_H

#include <guild/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Told while a transfer runs; `total` is 0 while unknown. A non-zero return stops it (GUILD_ECANCELLED). */
typedef int guild_net_progress_fn(void *arg, int64_t done_bytes, int64_t total_bytes);

/* Fetches `url` into the file `path`, which appears complete or not at all; missing directories are made. `on_progress` may be NULL.
 * GUILD_EINVALID: no URL, or one without a file name; GUILD_EUNSUPPORTED: another scheme, or no libcurl on this machine;
 * GUILD_ENOTFOUND: there is no such file (HTTP 404 too); GUILD_EIO: anything else that went wrong. */
int guild_net_fetch(const char *url, const char *path, guild_net_progress_fn *on_progress,
	void *arg, struct guild_error *err);

/* Where the file of `url` is kept below `cache_dir` (HOME/cache/resources): CACHE/<SHA-224 of the URL's six parts>/<last path segment,
 * percent-decoded>. The caller frees *out. GUILD_EINVALID for a URL without scheme or file name. */
int guild_net_cache_path(const char *cache_dir, const char *url, char **out,
	struct guild_error *err);

#ifdef __cplusplus
}
#endif

#endif
