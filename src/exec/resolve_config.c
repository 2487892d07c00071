/* Sources of type config. */

#include "resolve.h"

int guild_resolve_config(struct guild_resolving *r, struct guild_error *err)
{
	return guild_error_set(err, GUILD_EUNSUPPORTED,
		"'%s': this version of guild cannot resolve 'config' sources yet", r->spec);
}
