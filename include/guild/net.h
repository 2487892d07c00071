/*
 * HTTP client: downloads and the cache they are kept in, and posts. Knows base. The library is loaded on first use.
 */
#ifndef GUILD_NET_H
#define GUILD_NET_H

#include <guild/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Told while a transfer runs, bytes of earlier parts counted; `total` is 0 while unknown. A non-zero return stops it
 * (GUILD_ECANCELLED). */
typedef int guild_net_progress_fn(void *arg, int64_t done_bytes, int64_t total_bytes);

enum {
	GUILD_NET_MAX_REDIRECTS = 20,
	GUILD_NET_CONNECT_S = 60, /* to reach a server */
	GUILD_NET_STALL_S = 60,   /* a server that sends nothing for as long is given up */
};

struct guild_net_request {
	const char *url;                    /* http, https or file */
	const char *path;                   /* where the file will be */
	const char *sha256;                 /* hex digest it must have, or NULL */
	int stall_s;                        /* 0: GUILD_NET_STALL_S */
	guild_net_progress_fn *on_progress; /* or NULL */
	void *arg;
	const struct guild_log *log;
};

/* Sees to it that the file of `url` is at `path`, complete and verified, or not at all; missing directories are made. A file that
 * is there is taken as it is, unless its digest is wrong: then it is fetched again. *fetched: false when nothing was asked for.
 * Processes that want one path do it one after another. What came before a transfer was cut stays beside it as PATH.part and is
 * gone on from, where the server says that it is still the same file. Proxies are those of the environment (http_proxy,
 * https_proxy, all_proxy, no_proxy).
 * GUILD_EINVALID: no URL, one without a file name, or a wrong digest (nothing stays); GUILD_EUNSUPPORTED: another scheme, or no
 * libcurl on this machine; GUILD_ENOTFOUND: there is no such file (HTTP 404 too); GUILD_EDENIED: HTTP 401 and 403;
 * GUILD_EIO: anything else that went wrong. */
int guild_net_download(const struct guild_net_request *req, bool *fetched, struct guild_error *err);

struct guild_net_post_request {
	const char *url; /* http or https */
	const char *content_type;
	struct guild_str body;
	int timeout_ms; /* for all of it; 0: 30 s */
};
/* Sends a body with POST; what the server answers besides its status is dropped. A redirect is an error: it would change the method.
 * May be called on any thread. GUILD_EUNSUPPORTED: no libcurl on this machine; GUILD_ENOTFOUND, GUILD_EDENIED: HTTP 404, 401 and 403;
 * GUILD_EIO: anything else that went wrong. */
int guild_net_post(const struct guild_net_post_request *req, struct guild_error *err);

/* Seconds as GUILD_DOWNLOAD_TIMEOUT gives them: 0 (the default) for NULL and what is no positive number. */
int guild_net_stall_s(const char *text);

/* Where the file of `url` is kept below `cache_dir` (HOME/cache/resources): CACHE/<SHA-224 of the URL's six parts>/<last path segment,
 * percent-decoded>. The caller frees *out. GUILD_EINVALID for a URL without scheme or file name. */
int guild_net_cache_path(const char *cache_dir, const char *url, char **out,
	struct guild_error *err);
/* The URL as it may be shown: a password in it is masked. The caller frees. */
char *guild_net_url_shown(const char *url);

#ifdef __cplusplus
}
#endif

#endif
