/* guild/base.h: an error that a person can act on, a buffer, and the nearest name. */

#include <stdio.h>

#include <guild/base.h>

static int open_colour(const char *name, struct guild_error *err)
{
	static const char *const colours[] = {"red", "green", "blue", NULL};
	const char *nearest = guild_nearest(name, colours);
	guild_error_set(err, GUILD_ENOTFOUND, "no colour '%s'", name);
	if (nearest) {
		guild_error_hint(err, "did you mean '%s'?", nearest);
	}
	return GUILD_ENOTFOUND;
}

int main(void)
{
	struct guild_error err = {0};
	if (open_colour("gren", &err) != 0) {
		printf("%s\n%s\n", err.text, err.hint);
	}

	struct guild_strs words = {0};
	if (guild_shlex_split("train.py --name 'two words'", &words, &err) != 0) {
		return 1;
	}
	struct guild_buf line = {0};
	for (size_t i = 0; i < words.n; i++) {
		guild_buf_printf(&line, "[%s]", words.v[i]);
	}
	puts(guild_buf_cstr(&line));
	guild_buf_fini(&line);
	guild_strs_fini(&words);
	return 0;
}
