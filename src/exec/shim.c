/* The import shim: Python files that the program carries and writes to the cache when they are wanted. */

#include <guild/exec.h>

#include <stdlib.h>
#include <string.h>

/* Made by scripts/embed.py from python/guild_shim/. */
extern const char guild_main_py[];
extern const char guild_shim_py[];
extern const char guild_yaml_py[];

/* The one that is executed comes last: where it is, the others are. */
static const struct shim_file {
	const char *name;
	const char *text;
} files[] = {
	{"guild_yaml.py", guild_yaml_py},
	{"guild_shim.py", guild_shim_py},
	{"guild_main.py", guild_main_py},
};

/* Another content is another folder: a running older guild keeps its own. */
static char *shim_dir(const char *cache_dir)
{
	struct guild_buf all = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(files); i++) {
		guild_buf_append(&all, files[i].text, strlen(files[i].text) + 1);
	}
	char hash[33];
	guild_fast_hash(all.p, all.n, hash);
	guild_buf_fini(&all);
	return guild_path_join3(cache_dir, "shim", hash);
}

int guild_shim_path(const char *cache_dir, char **path, struct guild_error *err)
{
	char *dir = shim_dir(cache_dir);
	char *file = NULL;
	int rc = guild_is_dir(dir) ? 0 : guild_mkdirs(dir, err);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(files) && rc == 0; i++) {
		size_t n = strlen(files[i].text);
		free(file);
		file = guild_path_join(dir, files[i].name);
		if (guild_file_size(file) != (int64_t)n) {
			rc = guild_file_write(file, files[i].text, n, false, err);
		}
	}
	free(dir);
	if (rc != 0) {
		free(file);
		return rc;
	}
	*path = file;
	return 0;
}
