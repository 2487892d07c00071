/* The words of a command line after the operation: NAME=VALUE and @FILE. */

#include "flags_private.h"

#include <stdlib.h>
#include <string.h>

void guild_flag_args_fini(struct guild_flag_args *f)
{
	guild_strs_fini(&f->batch_files);
	*f = (struct guild_flag_args){0};
}

static const struct guild_flag_def *find_alias(const struct guild_flag_defs *defs,
	const char *alias)
{
	for (size_t i = 0; defs && i < defs->n; i++) {
		if (guild_streq(defs->v[i].alias, alias)) {
			return &defs->v[i];
		}
	}
	return NULL;
}

static bool has_name(char *const *words, size_t n, const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < n; i++) {
		if (strncmp(words[i], name, len) == 0 && words[i][len] == '=') {
			return true;
		}
	}
	return false;
}

static int check_words(char *const *words, size_t n, struct guild_error *err)
{
	struct guild_buf wrong = {0};
	for (size_t i = 0; i < n; i++) {
		if (words[i][0] != '@' && !strchr(words[i], '=')) {
			guild_buf_printf(&wrong, "%s'%s'", wrong.n ? ", " : "", words[i]);
		}
	}
	if (wrong.n == 0) {
		return 0;
	}
	int rc = guild_error_set(err, GUILD_EINVALID, "expected NAME=VALUE, got %s", wrong.p);
	guild_buf_fini(&wrong);
	return rc;
}

static int check_alias(const struct guild_flag_def *def, char *const *words, size_t n, bool force,
	struct guild_error *err)
{
	if (!force && has_name(words, n, def->name)) {
		(void)guild_error_set(err, GUILD_EINVALID,
			"flag '%s' is set twice, once by its alias '%s'", def->name, def->alias);
		guild_error_hint(err, "use --force-flags to skip this check");
		return GUILD_EINVALID;
	}
	return 0;
}

/* "~" and "~/…" at the start of the whole word. */
static char *expand_word(const char *word)
{
	return guild_path_expand_user(word, getenv("HOME"));
}

int guild_flag_args_parse(struct guild_arena *a, char *const *words, size_t n,
	const struct guild_flag_defs *defs, bool force, struct guild_flag_args *out,
	const struct guild_log *log, struct guild_error *err)
{
	struct guild_value *values = guild_value_dict(a);
	struct guild_strs files = {0};
	int rc = check_words(words, n, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		char *word = expand_word(words[i]);
		if (word[0] == '@') {
			guild_strs_add(&files, word + 1);
			free(word);
			continue;
		}
		char *value = strchr(word, '=');
		*value++ = 0;
		const struct guild_flag_def *def = defs ? guild_flag_defs_get(defs, word) : NULL;
		const struct guild_flag_def *by_alias = def ? NULL : find_alias(defs, word);
		if (by_alias) {
			rc = check_alias(by_alias, words, n, force, err);
			def = by_alias;
		}
		struct guild_value *v = NULL;
		if (rc == 0) {
			rc = guild_flag_decode(a, value, def, &v, log, err);
			if (rc < 0) {
				(void)guild_error_wrap(err, "flag '%s'", word);
			}
		}
		if (rc == 0) {
			guild_value_set(a, values, def ? def->name : word, v);
		}
		free(word);
	}
	if (rc < 0) {
		guild_strs_fini(&files);
		return rc;
	}
	out->values = values;
	out->batch_files = files;
	return 0;
}
