/* Sources that are archives: unpacked into the resource cache, members selected (resources.md 4.3). */

#include "resolve.h"

static const char *const endings[] = {
	".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".gz", NULL};

int guild_resolve_archive(struct guild_resolving *r, const char *path, const char *work_dir,
	struct guild_error *err)
{
	(void)work_dir;
	for (size_t i = 0; endings[i]; i++) {
		if (r->source->archive_type || guild_ends(path, endings[i])) {
			return guild_error_set(err, GUILD_EUNSUPPORTED,
				"'%s': this version of guild cannot unpack archives yet (unless 'unpack: no')",
				path);
		}
	}
	return 0;
}
