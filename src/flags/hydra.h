/* Hydra's configuration files, composed without Hydra. Private to the room. */
#ifndef GUILD_FLAGS_HYDRA_H
#define GUILD_FLAGS_HYDRA_H

#include <guild/flags.h>

/* A config group of the defaults list: `db` with what was chosen and what there is. */
struct hydra_group {
	const char *name;
	const char *choice; /* NULL: null */
	struct guild_strs options;
};
struct hydra_composed {
	struct guild_value *config; /* dict */
	struct hydra_group *groups;
	size_t n_groups, cap;
	const char *undecided; /* why it cannot be composed from the files; NULL: it was */
};
/* `words`: NAME=VALUE that may choose groups. Errors: files that are missing or cannot be read, with their place. */
int guild_hydra_compose(struct guild_arena *a, const char *dir, const char *name,
	char *const *words, size_t n_words, struct hydra_composed *out, struct guild_error *err);
void guild_hydra_composed_fini(struct hydra_composed *c);

#endif
