/* guild/diff.h: what differs between two files, as git shows it: diff [OLD NEW] (default: two texts of its own). */

#include <stdio.h>

#include <guild/diff.h>

static int diff_files(const char *old, const char *new)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_file_set x = {0}, y = {0};
	struct guild_file_diffs found = {0};
	struct guild_patch_style style = {.context = GUILD_PATCH_CONTEXT};
	struct guild_error err = {0};
	int code = 0;
	guild_file_set_add(a, &x, "file", old);
	guild_file_set_add(a, &y, "file", new);
	guild_file_sets_diff(a, &x, &y, &found, NULL);
	for (size_t i = 0; i < found.n && !code; i++) {
		struct guild_buf out = {0};
		code = guild_file_diff_open(&found.v[i], &err);
		if (!code) {
			guild_file_diff_show(&found.v[i], &style, &out);
			fputs(guild_buf_cstr(&out), stdout);
		} else {
			fprintf(stderr, "%s\n", err.text);
		}
		guild_buf_fini(&out);
	}
	guild_file_diffs_fini(&found);
	guild_file_set_fini(&x);
	guild_file_set_fini(&y);
	guild_arena_free(a);
	return code ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3) {
		return diff_files(argv[1], argv[2]);
	}
	struct guild_buf out = {0};
	guild_line_diff(guild_str("lr: 0.1\nepochs: 3\n"), guild_str("lr: 0.2\nepochs: 3\n"), "old",
		"new", &out);
	fputs(guild_buf_cstr(&out), stdout);
	printf("1.10rc1 is %s 1.9\n",
		guild_package_version_cmp("1.10rc1", "1.9") > 0 ? "later than" : "before");
	guild_buf_fini(&out);
	return 0;
}
