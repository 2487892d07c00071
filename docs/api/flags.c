/* guild/flags.h: NAME=VALUE words become values, lists become the trials of a grid. */

#include <stdio.h>

#include <guild/flags.h>

enum { TRIALS_MAX = 1000 };

int main(void)
{
	char lr[] = "lr=[0.1,0.01]";
	char epochs[] = "epochs=3";
	char *const words[] = {lr, epochs};
	struct guild_error err = {0};
	struct guild_arena *arena = guild_arena_new();
	struct guild_flag_defs defs = {0};
	struct guild_flag_args args = {0};
	struct guild_value *flags = NULL;
	struct guild_value *trials = NULL;

	guild_flag_defs_add(arena, &defs, "lr")->type = "float";
	guild_flag_defs_add(arena, &defs, "epochs")->def = guild_value_int(arena, 10);
	guild_flag_defs_sort(&defs);

	int code = guild_flag_args_parse(arena, words, GUILD_ARRAY_LEN(words), &defs, false, &args,
		NULL, &err);
	if (!code) {
		code = guild_flags_resolve(arena, &defs, args.values, "train", ".", false, &flags,
			NULL, &err);
	}
	if (!code) {
		code = guild_flag_expand(arena, flags, TRIALS_MAX, &trials, &err);
	}
	for (size_t i = 0; !code && i < trials->n; i++) {
		struct guild_buf label = {0};
		guild_flag_default_label(&label, trials->items[i]);
		puts(guild_buf_cstr(&label));
		guild_buf_fini(&label);
	}
	if (code) {
		fprintf(stderr, "%s\n", err.text);
	}
	guild_flag_args_fini(&args);
	guild_arena_free(arena);
	return code ? 1 : 0;
}
