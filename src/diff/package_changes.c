/* Packages that were added, removed or have another version. */

#include <string.h>

#include "guild/diff.h"

const char *guild_package_change_name(enum guild_package_change_kind k)
{
	static const char *const names[] = {
		"added", "removed", "upgraded", "downgraded", "changed"};

	return names[k];
}

static bool is_place(const char *version)
{
	return strchr(version, '/') || guild_starts(version, "-e ");
}

static enum guild_package_change_kind kind_of(const char *old, const char *new)
{
	if (!old || !new) {
		return old ? GUILD_PACKAGE_REMOVED : GUILD_PACKAGE_ADDED;
	}
	int order = is_place(old) || is_place(new) ? 0 : guild_package_version_cmp(old, new);

	return order < 0   ? GUILD_PACKAGE_UPGRADED
	       : order > 0 ? GUILD_PACKAGE_DOWNGRADED
			   : GUILD_PACKAGE_CHANGED;
}

void guild_package_changes(struct guild_arena *a, const struct guild_value *old,
	const struct guild_value *new_, struct guild_package_changes *out)
{
	struct guild_installed x, y;
	size_t i = 0, j = 0;

	guild_installed_read(a, old, &x);
	guild_installed_read(a, new_, &y);
	out->v = guild_arena_alloc(a, (x.n + y.n + 1) * sizeof(*out->v));
	out->n = 0;
	while (i < x.n || j < y.n) {
		int order = i == x.n ? 1 : j == y.n ? -1 : strcmp(x.v[i].key, y.v[j].key);
		const struct guild_installed_package *from = order <= 0 ? &x.v[i++] : NULL;
		const struct guild_installed_package *to = order >= 0 ? &y.v[j++] : NULL;

		if (from && to && strcmp(from->version, to->version) == 0) {
			continue;
		}
		out->v[out->n++] = (struct guild_package_change){
			.name = to ? to->name : from->name,
			.old = from ? from->version : NULL,
			.new_ = to ? to->version : NULL,
			.kind = kind_of(from ? from->version : NULL, to ? to->version : NULL),
		};
	}
}
