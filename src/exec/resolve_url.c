/* Sources of type url. */

#include "resolve.h"

int guild_resolve_url(struct guild_resolving *r, struct guild_error *err)
{
	return guild_error_set(err, GUILD_EUNSUPPORTED,
		"'%s': this version of guild cannot resolve 'url' sources yet", r->spec);
}
