/* Verifying what is stored, in parts. Private to store/. */
#ifndef GUILD_STORE_VERIFY_H
#define GUILD_STORE_VERIFY_H

#include "store_private.h"

/* Where files of a run that are mended leave what was taken from them. */
#define GUILD_DAMAGED_DIR "damaged"

struct verify_run {
	const struct guild_verify_request *req;
	const struct guild_run *run;
	bool is_live; /* running, or the process cannot be seen */
	struct guild_findings *out;
};
/* Attributes, manifest, digest, markers (verify_records.c). */
void guild_verify_records(const struct verify_run *v);
/* Event files, output, links: everything below the run directory (verify_files.c). */
void guild_verify_files(const struct verify_run *v);

#endif
