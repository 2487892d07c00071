/* libcurl, loaded on first use, and one HTTP transfer into a file. Private to net/. */
#ifndef GUILD_NET_CURL_H
#define GUILD_NET_CURL_H

#include "guild/net.h"

/* The stable numbers of libcurl's interface; its headers are no build dependency. */
enum {
	CURL_NOPROGRESS = 43,
	CURL_POST = 47,
	CURL_FOLLOWLOCATION = 52,
	CURL_POSTFIELDSIZE = 60,
	CURL_MAXREDIRS = 68,
	CURL_CONNECTTIMEOUT = 78,
	CURL_LOW_SPEED_LIMIT = 19,
	CURL_LOW_SPEED_TIME = 20,
	CURL_NOSIGNAL = 99,
	CURL_TIMEOUT_MS = 155,
	CURL_PROTOCOLS = 181,
	CURL_REDIR_PROTOCOLS = 182,
	CURL_WRITEDATA = 10001,
	CURL_URL = 10002,
	CURL_RANGE = 10007,
	CURL_ERRORBUFFER = 10010,
	CURL_POSTFIELDS = 10015,
	CURL_USERAGENT = 10018,
	CURL_HTTPHEADER = 10023,
	CURL_HEADERDATA = 10029,
	CURL_XFERINFODATA = 10057,
	CURL_PROTOCOLS_STR = 10318,
	CURL_REDIR_PROTOCOLS_STR = 10319,
	CURL_WRITEFUNCTION = 20011,
	CURL_HEADERFUNCTION = 20079,
	CURL_XFERINFOFUNCTION = 20219,
	CURL_PROTO_WEB = 3, /* http and https */
	CURL_PARTIAL_FILE = 18,
	CURL_WRITE_ERROR = 23,
	CURL_TIMED_OUT = 28,
	CURL_ABORTED = 42,
	CURL_TOO_MANY_REDIRECTS = 47,
	CURL_GOT_NOTHING = 52,
	CURL_RECV_ERROR = 56,
	CURL_ERROR_SIZE = 256,
};

/* The functions of the library that are used. */
struct curl {
	void *(*init)(void);
	int (*setopt)(void *handle, int option, ...);
	int (*perform)(void *handle);
	const char *(*text)(int code);
	void (*cleanup)(void *handle);
	void *(*list_add)(void *list, const char *line);
	void (*list_free)(void *list);
};
/* GUILD_EUNSUPPORTED: there is no libcurl on this machine. */
int guild_curl_load(struct curl *curl, struct guild_error *err);
/* The message of a status that is no success. */
int guild_curl_fail_status(long status, const char *reason, struct guild_error *err);

struct guild_transfer {
	const struct guild_net_request *req;
	FILE *file;         /* open for reading and writing, at its end */
	int64_t have_bytes; /* what an earlier part left there */
	const char *
		validator; /* what the server called that version: an ETag or a date; NULL: ask for all */
	/* Out: */
	long status;
	char reason[64];
	char etag[256];
	char modified[64];
	int64_t range_start; /* of a partial answer, -1: none */
	bool has_begun;      /* the body is being written */
	bool is_stale;       /* the part cannot be gone on from: ask again for all */
	/* Called before the first byte of a new file, so that what comes can be told apart later. */
	int (*on_begin)(void *arg, const char *validator);
	void *arg;
	int errnum; /* of a write that failed */
	int64_t done, total;
};

/* GUILD_EIO etc. as guild_net_download; with is_stale set nothing was written. */
int guild_curl_get(struct guild_transfer *t, struct guild_error *err);

#endif
