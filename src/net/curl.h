/* One HTTP transfer into a file. Private to net/. */
#ifndef GUILD_NET_CURL_H
#define GUILD_NET_CURL_H

#include "guild/net.h"

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
