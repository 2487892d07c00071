/* Reading the members of one archive into a staging directory. Private to archive/. */
#ifndef GUILD_ARCHIVE_READ_H
#define GUILD_ARCHIVE_READ_H

#include "beneath.h"
#include "stream.h"

struct guild_unpacking {
	const struct guild_archive_request *req;
	const struct guild_archive_extract_request
		*ext;     /* NULL: unpacking beside what is in place */
	const char *name; /* of the archive */
	int64_t limit, written;
	int64_t archive_bytes;
	struct timespec changed; /* when the archive last changed */
	struct guild_beneath staging;
	struct guild_beneath target;
	struct guild_strs dirs;    /* members that are directories */
	struct guild_strs files;   /* files and links that were read into the staging directory */
	struct guild_strs members; /* all, in order */
};

/* How many bytes may come out of an archive. */
int64_t guild_archive_limit(const struct guild_archive_request *req, int64_t archive_bytes);
/* GUILD_EINVALID, GUILD_ELIMIT, GUILD_ECANCELLED, GUILD_EIO. */
int guild_archive_read(struct guild_unpacking *u, struct guild_error *err);

#endif
