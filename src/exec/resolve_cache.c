/* Where unpacked archives and downloads are kept: HOME/cache/resources (resources.md 7). */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

const char *guild_resolve_cache_dir(struct guild_resolving *r)
{
	return guild_arena_format(r->arena, "%s/cache/resources", r->req->world->home->path);
}

const char *guild_resolve_work_dir(struct guild_resolving *r, const char *path)
{
	/* As 0.9.0 names it, so that both find what the other has unpacked. */
	const char *text = guild_arena_format(r->arena, "file\n%s", path);
	char hex[65];
	guild_digest_bytes(GUILD_SHA224, text, strlen(text), hex);
	return guild_arena_format(r->arena, "%s/%s", guild_resolve_cache_dir(r), hex);
}
