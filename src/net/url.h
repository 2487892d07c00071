/* The parts of a URL. Private to net/. */
#ifndef GUILD_NET_URL_H
#define GUILD_NET_URL_H

#include "guild/net.h"

/* As Python's urlparse names them. Each is owned, never NULL, maybe empty. */
struct guild_url {
	char *scheme; /* lower case */
	char *host;   /* with user and port, as written */
	char *path;
	char *params; /* after ';' in the last segment */
	char *query;
	char *fragment;
};

void guild_url_split(const char *text, struct guild_url *out);
void guild_url_fini(struct guild_url *u);
/* "%41" -> "A"; bad escapes stay. The caller frees. */
char *guild_url_decode(const char *text);

#endif
