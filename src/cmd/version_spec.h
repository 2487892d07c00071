/* Version requirements as users write them. Private to cmd/. */
#ifndef GUILD_CMD_VERSION_SPEC_H
#define GUILD_CMD_VERSION_SPEC_H

#include "guild/base.h"

/* Whether `version` fulfils `spec`: clauses like ">=1.0", "==1.*", "!=2.0", "~=1.4", separated by commas; a bare version means "==".
 * 1, 0, or GUILD_EINVALID for a spec that cannot be read. */
int guild_version_matches(const char *version, const char *spec, struct guild_error *err);

#endif
