/* Places where what is on its way in or out is made complete, or taken apart, unseen. Private to store/. */
#ifndef GUILD_STORE_STAGING_H
#define GUILD_STORE_STAGING_H

#include "guild/base.h"

struct guild_staging {
	char *path; /* PARENT/.guild-moving-xxxxxxxx */
	int fd;
};

/* Makes one below `parent` (made, too). */
int guild_staging_open(struct guild_staging *s, const char *parent, struct guild_error *err);
/* Removes it with all that is left in it; zeroed is fine. */
void guild_staging_close(struct guild_staging *s);
/* Removes what killed processes left below `parent`; once a command is enough. */
void guild_staging_sweep(const char *parent);

#endif
