/* guild/run.h: makes a run directory in the current folder, writes and reads an attribute. */

#include <stdio.h>

#include <guild/run.h>

static int make_run(const char *dir, struct guild_error *err)
{
	struct guild_run run = {0};
	struct guild_arena *arena = guild_arena_new();
	struct guild_opref opref = {0};
	int code = guild_run_create(dir, &run, err);
	if (!code) {
		struct guild_value *flags = guild_value_dict(arena);
		guild_value_set(arena, flags, "lr", guild_value_float(arena, 0.1));
		code = guild_run_attr_write(&run, "flags", flags, false, err);
	}
	if (!code) {
		code = guild_opref_parse("script:'' '' '' train.py", &opref, err);
	}
	/* The reference comes last: from here on it is a run for everybody. */
	if (!code) {
		code = guild_run_write_opref(&run, &opref, false, err);
	}
	guild_opref_fini(&opref);
	guild_run_fini(&run);
	guild_arena_free(arena);
	return code;
}

int main(void)
{
	struct guild_error err = {0};
	struct guild_run run = {0};
	struct guild_arena *arena = guild_arena_new();
	char id[GUILD_RUN_ID_LEN + 1];
	guild_run_new_id(id);
	int code = make_run(id, &err);
	if (!code) {
		code = guild_run_open(id, &run, &err);
	}
	if (!code) {
		const struct guild_value *flags = guild_run_attr(&run, arena, "flags");
		printf("%s lr=%g\n", run.opref.op,
			guild_value_as_f64(guild_value_get(flags, "lr")));
	} else {
		fprintf(stderr, "%s\n", err.text);
	}
	guild_run_fini(&run);
	guild_arena_free(arena);
	return code ? 1 : 0;
}
