/* Shell completion: what may stand where the cursor is. Private to cmd/. */
#ifndef GUILD_CMD_COMPLETE_H
#define GUILD_CMD_COMPLETE_H

#include "args.h"
#include "cmd.h"

enum guild_shell { GUILD_SHELL_BASH, GUILD_SHELL_ZSH, GUILD_SHELL_FISH };

/* Collects answers; owned by the caller. */
struct guild_completion {
	struct guild_ctx *ctx;
	enum guild_shell shell;
	const struct guild_cmd *cmd;   /* the command so far, or NULL */
	const struct guild_args *args; /* its words and options before the cursor, or NULL */
	const char *word;              /* what is typed of the value, without quotes */
	const char *before;            /* in front of the value in the same word: "--label=" */
	size_t n_typed; /* leading bytes of values that bash, which cuts words at '=', has already */
	int64_t deadline_us;  /* monotonic: what is not found by then is not offered */
	struct guild_buf out; /* answers in the shell's form */
	struct guild_map seen;
	size_t n, n_open; /* values so far; those of them that no blank should follow */
	bool has_colon;
};

/* One value, if it begins with the word typed and is new; `help` may be NULL. */
void guild_complete_add(struct guild_completion *c, const char *value, const char *help);
/* Leaves files ("file") or directories ("dir") to the shell. */
void guild_complete_defer(struct guild_completion *c, const char *type);
bool guild_complete_is_late(const struct guild_completion *c);

/* The values of one kind. */
void guild_complete_values(struct guild_completion *c, enum guild_complete kind,
	const char *choices);
void guild_complete_runs(struct guild_completion *c, bool deleted);
void guild_complete_run_values(struct guild_completion *c, enum guild_complete kind);
/* The run that the words and filters typed so far choose, else the newest; 0 or an error code. The caller releases it. */
int guild_complete_open_run(struct guild_completion *c, struct guild_run *out);
void guild_complete_run_files(struct guild_completion *c);
void guild_complete_operations(struct guild_completion *c);
void guild_complete_flags(struct guild_completion *c);
void guild_complete_models(struct guild_completion *c);
void guild_complete_programs(struct guild_completion *c);

/* Answers the request in the environment (_GUILD_COMPLETE, COMP_WORDS, COMP_CWORD) on stdout. Returns an exit code. */
int guild_complete_main(char **environ_);
/* The script for a shell: "bash", "zsh", "fish". NULL for another. */
const char *guild_complete_script(const char *shell);

/* complete_search.c */
void guild_complete_optimizers(struct guild_completion *c);
void guild_complete_optimizer_flags(struct guild_completion *c);

#endif
