/* Scripts: whatever the bytes, detection ends soon with flags or one clear error, and the cache gives the same back. */
#include <stdlib.h>
#include <string.h>

#include <guild/flags.h>

#include "fuzz.h"

/* One folder a process: what stands beside a script belongs to its meaning. */
static const char *work_dir(void)
{
	static char *dir;
	if (!dir) {
		dir = guild_tmp_dir("guild-fuzz-detect", NULL);
		guild_assert(dir);
	}
	return dir;
}

static void put_result(struct guild_arena *a, const struct guild_detected *found,
	struct guild_buf *out)
{
	guild_buf_printf(out, "%s %s\n", found->flags_dest, found->library);
	for (size_t i = 0; i < found->flags.n; i++) {
		const struct guild_flag_def *f = &found->flags.v[i];
		guild_assert(i == 0 || strcmp(found->flags.v[i - 1].name, f->name) < 0);
		guild_buf_printf(out, "%s %s %s %d %zu ", f->name, f->type ? f->type : "-",
			f->arg_name ? f->arg_name : "-", f->required, f->n_choices);
		guild_json_dump(out, f->def ? f->def : guild_value_null(a), GUILD_JSON_COMPACT);
		guild_buf_putc(out, '\n');
	}
}

static int detect(const char *path, const char *dest, const char *cache, struct guild_buf *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_detect_request req = {.script = path, .flags_dest = dest, .cache_dir = cache};
	struct guild_detected found = {0};
	struct guild_error err = {0};
	int rc = guild_flags_detect(a, &req, &found, NULL, &err);
	if (rc == 0) {
		put_result(a, &found, out);
	} else {
		guild_assert(rc == err.code && err.text[0]);
	}
	guild_arena_free(a);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const dests[] = {NULL, NULL, "globals", "global:p", "args"};
	const char *dest = dests[size % GUILD_ARRAY_LEN(dests)]; /* so that any script is a seed */
	char *path = guild_path_join(work_dir(), "script.py");
	char *cache = guild_path_join(work_dir(), "cache");
	struct guild_buf first = {0};
	struct guild_buf second = {0};
	guild_assert(guild_file_write(path, data, size, false, NULL) == 0);
	int rc = detect(path, dest, cache, &first);
	guild_assert(detect(path, dest, cache, &second) == rc);
	guild_assert(strcmp(guild_buf_cstr(&first), guild_buf_cstr(&second)) == 0);
	guild_assert(guild_rmtree(work_dir(), NULL) == 0 && guild_mkdirs(work_dir(), NULL) == 0);
	guild_buf_fini(&first);
	guild_buf_fini(&second);
	free(cache);
	free(path);
	return 0;
}
