/* Parsed command line: how words become options and arguments (cli.md 0). Private to cmd/. */
#ifndef GUILD_CMD_ARGS_H
#define GUILD_CMD_ARGS_H

#include "cmd.h"

/* One option of the command and what was given for it. */
struct guild_opt_slot {
	const struct guild_opt *opt;
	char *key;
	size_t count; /* times given */
	bool on;
	struct guild_strs values;
	int64_t i;
	double f;
};

struct guild_args {
	const struct guild_cmd *cmd;
	struct guild_opt_slot *slots;
	size_t n_slots;
	struct guild_strs words;
	bool help;    /* --help was given: nothing else was checked */
	size_t taken; /* words of argv used up (all, or up to the first argument with stop_at_word) */
	/* For completion: the last option waits for its value; options are over ("--"). */
	const struct guild_opt *awaiting;
	bool after_dashes;
};

enum guild_args_mode {
	GUILD_ARGS_STRICT,
	GUILD_ARGS_STOP_AT_WORD, /* global options: the first argument is the command */
	GUILD_ARGS_LENIENT,      /* completion: what cannot be understood is passed over */
	GUILD_ARGS_LENIENT_STOP, /* both */
};

/* Parses argv[0..n). Returns an exit code: 0, GUILD_EXIT_USAGE or GUILD_EXIT_ERROR with `err` set (no hint). The caller releases
 * `out` in every case. */
int guild_args_parse(const struct guild_cmd *cmd, char *const *argv, size_t n,
	enum guild_args_mode mode, struct guild_args *out, struct guild_error *err);
void guild_args_fini(struct guild_args *args);

/* The key of an option; the caller frees. */
char *guild_opt_key(const struct guild_opt *opt);
bool guild_opt_takes_value(const struct guild_opt *opt);
/* Walks the names of an option: *pos starts at 0; false at the end. `off` tells names with '!'. */
bool guild_opt_next_name(const struct guild_opt *opt, size_t *pos, struct guild_str *name,
	bool *off);

#endif
