/* Sources that DVC knows: dvcfile and dvcstage. */

#include "resolve.h"

int guild_resolve_dvcfile(struct guild_resolving *r, struct guild_error *err)
{
	return guild_error_set(err, GUILD_EUNSUPPORTED,
		"'%s': this version of guild cannot resolve 'dvcfile' sources yet", r->spec);
}

int guild_resolve_dvcstage(struct guild_resolving *r, struct guild_error *err)
{
	return guild_error_set(err, GUILD_EUNSUPPORTED,
		"'%s': this version of guild cannot resolve 'dvcstage' sources yet", r->spec);
}
