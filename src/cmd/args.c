/* The command-line parser: words to options and arguments by a command's tables. */

#include "args.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LEN = 64 };

bool guild_opt_next_name(const struct guild_opt *opt, size_t *pos, struct guild_str *name,
	bool *off)
{
	const char *p = opt->names + *pos;

	p += strspn(p, " ");
	if (*p == '\0') {
		return false;
	}
	*off = *p == '!';
	if (*off) {
		p++;
	}
	*name = guild_str_n(p, strcspn(p, " "));
	*pos = (size_t)(p + name->n - opt->names);
	return true;
}

char *guild_opt_key(const struct guild_opt *opt)
{
	struct guild_str name, key = {0};
	size_t pos = 0;
	bool off, is_long = false;

	while (guild_opt_next_name(opt, &pos, &name, &off)) {
		if (off) {
			continue;
		}
		if (guild_str_starts(name, "--")) {
			key = guild_str_n(name.p + 2, name.n - 2);
			is_long = true;
		} else if (!is_long) {
			key = guild_str_n(name.p + 1, name.n - 1);
		}
	}
	return guild_strndup(key.p, key.n);
}

bool guild_opt_takes_value(const struct guild_opt *opt)
{
	return opt->value != NULL;
}

/* ---- one parse --------------------------------------------------------------------------------- */

struct parser {
	struct guild_args *out;
	char *const *argv;
	size_t n, at;
	enum guild_args_mode mode;
	struct guild_error *err;
};

static bool is_lenient(enum guild_args_mode mode)
{
	return mode == GUILD_ARGS_LENIENT || mode == GUILD_ARGS_LENIENT_STOP;
}

static struct guild_opt_slot *find_slot(const struct guild_args *args, struct guild_str name,
	bool *off)
{
	for (size_t i = 0; i < args->n_slots; i++) {
		struct guild_str have;
		size_t pos = 0;

		while (guild_opt_next_name(args->slots[i].opt, &pos, &have, off)) {
			if (guild_str_eq(have, name)) {
				return &args->slots[i];
			}
		}
	}
	return NULL;
}

static struct guild_opt_slot *find_key(const struct guild_args *args, struct guild_str key)
{
	for (size_t i = 0; i < args->n_slots; i++) {
		if (guild_str_eqz(key, args->slots[i].key)) {
			return &args->slots[i];
		}
	}
	return NULL;
}

static int usage_error(struct parser *p)
{
	return is_lenient(p->mode) ? GUILD_EXIT_OK : GUILD_EXIT_USAGE;
}

/* The long option a word was meant to be: one it begins, else the nearest. */
static void suggest(struct parser *p, const char *word)
{
	const struct guild_args *args = p->out;
	struct guild_strs names = {0};
	const char *found = NULL;

	for (size_t i = 0; i < args->n_slots; i++) {
		struct guild_str name;
		size_t pos = 0;
		bool off;

		while (!args->slots[i].opt->hidden &&
			guild_opt_next_name(args->slots[i].opt, &pos, &name, &off)) {
			if (guild_str_starts(name, "--")) {
				guild_strs_add_n(&names, name.p, name.n);
			}
		}
	}
	guild_strs_add(&names, "--help");
	guild_strs_sort(&names);
	for (size_t i = 0; strlen(word) > 2 && i < names.n && !found; i++) {
		found = guild_starts(names.v[i], word) ? names.v[i] : NULL;
	}
	if (!found) {
		found = guild_nearest(word, (const char *const *)names.v);
	}
	if (found) {
		guild_error_set(p->err, GUILD_EINVALID,
			"unrecognized option '%s' (did you mean %s?)", word, found);
	} else {
		guild_error_set(p->err, GUILD_EINVALID, "unrecognized option '%s'", word);
	}
	guild_strs_fini(&names);
}

static bool is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *c = choices;; c++) {
		size_t len = strcspn(c, "|");

		if (len == n && memcmp(c, value, n) == 0) {
			return true;
		}
		c += len;
		if (*c == '\0') {
			return false;
		}
	}
}

static int set_value(struct parser *p, struct guild_opt_slot *slot, struct guild_str name,
	const char *value)
{
	const struct guild_opt *opt = slot->opt;

	switch (opt->kind) {
	case GUILD_OPT_INT:
		if (!guild_parse_i64(value, strlen(value), &slot->i)) {
			guild_error_set(p->err, GUILD_EINVALID,
				"invalid value '%s' for %.*s: expected an integer", value,
				GUILD_STR_FMT(name));
			return usage_error(p);
		}
		if (slot->i < opt->min) {
			guild_error_set(p->err, GUILD_EINVALID,
				"invalid value '%s' for %.*s: must be %lld or more", value,
				GUILD_STR_FMT(name), (long long)opt->min);
			return usage_error(p);
		}
		break;
	case GUILD_OPT_NUMBER:
		if (!guild_parse_f64(value, strlen(value), &slot->f)) {
			guild_error_set(p->err, GUILD_EINVALID,
				"invalid value '%s' for %.*s: expected a number", value,
				GUILD_STR_FMT(name));
			return usage_error(p);
		}
		break;
	default:
		if (opt->choices && !is_choice(opt->choices, value)) {
			guild_error_set(p->err, GUILD_EINVALID,
				"invalid value '%s' for %.*s: choose one of %s", value,
				GUILD_STR_FMT(name), opt->choices);
			return usage_error(p);
		}
		break;
	}
	if (opt->kind != GUILD_OPT_LIST) {
		guild_strs_fini(&slot->values);
	}
	guild_strs_add(&slot->values, value);
	slot->count++;
	slot->on = true;
	return GUILD_EXIT_OK;
}

/* Applies one option; `value` NULL: the next word is taken where the option needs one. */
static int apply(struct parser *p, struct guild_opt_slot *slot, struct guild_str name, bool off,
	const char *value)
{
	if (slot->opt->kind == GUILD_OPT_LATER && !is_lenient(p->mode)) {
		guild_error_set(p->err, GUILD_EUNSUPPORTED,
			"this version does not have option %.*s yet", GUILD_STR_FMT(name));
		return GUILD_EXIT_ERROR;
	}
	if (!guild_opt_takes_value(slot->opt)) {
		if (value) {
			guild_error_set(p->err, GUILD_EINVALID, "option '%.*s' takes no value",
				GUILD_STR_FMT(name));
			return usage_error(p);
		}
		slot->on = !off;
		slot->count++;
		return GUILD_EXIT_OK;
	}
	if (!value && p->at >= p->n) {
		p->out->awaiting = slot->opt;
		guild_error_set(p->err, GUILD_EINVALID, "option '%.*s' needs a value",
			GUILD_STR_FMT(name));
		return usage_error(p);
	}
	return set_value(p, slot, name, value ? value : p->argv[p->at++]);
}

/* "-n4", "-ys": one-letter options in one word; the first that takes a value swallows the rest. */
static int parse_cluster(struct parser *p, const char *word)
{
	for (const char *c = word + 1; *c; c++) {
		char letter[3] = {'-', *c, '\0'};
		bool off;
		struct guild_opt_slot *slot = find_slot(p->out, guild_str(letter), &off);

		if (!slot) {
			suggest(p, c == word + 1 ? word : letter);
			return usage_error(p);
		}
		bool takes_rest = guild_opt_takes_value(slot->opt) && c[1];
		int code = apply(p, slot, guild_str(letter), off, takes_rest ? c + 1 : NULL);

		if (code != GUILD_EXIT_OK || takes_rest) {
			return code;
		}
	}
	return GUILD_EXIT_OK;
}

static int parse_option(struct parser *p, const char *word)
{
	const char *eq = strchr(word, '=');
	struct guild_str name = guild_str_n(word, eq ? (size_t)(eq - word) : strlen(word));
	bool off = false;
	struct guild_opt_slot *slot = find_slot(p->out, name, &off);

	if (slot) {
		return apply(p, slot, name, off, eq ? eq + 1 : NULL);
	}
	if (word[1] != '-') {
		return parse_cluster(p, word);
	}
	char *text = guild_strndup(name.p, name.n);
	suggest(p, text);
	free(text);
	return usage_error(p);
}

static void make_slots(const struct guild_cmd *cmd, struct guild_args *out)
{
	size_t cap = 0;

	for (size_t t = 0; cmd->opts && cmd->opts[t]; t++) {
		for (const struct guild_opt *opt = cmd->opts[t]; opt->names; opt++) {
			out->slots = guild_grow_array(out->slots, &cap, out->n_slots + 1,
				sizeof(*out->slots));
			out->slots[out->n_slots++] =
				(struct guild_opt_slot){.opt = opt, .key = guild_opt_key(opt)};
		}
	}
}

static const char *shown_name(const struct guild_opt *opt, char out[NAME_MAX_LEN])
{
	char *key = guild_opt_key(opt);
	bool is_long = strstr(opt->names, "--") != NULL;

	snprintf(out, NAME_MAX_LEN, "%s%s", is_long ? "--" : "-", key);
	free(key);
	return out;
}

static int check_exclusive(struct parser *p)
{
	for (size_t i = 0; i < p->out->n_slots; i++) {
		const struct guild_opt_slot *slot = &p->out->slots[i];
		const char *rest = slot->count > 0 ? slot->opt->excludes : NULL;

		while (rest && *(rest += strspn(rest, " "))) {
			struct guild_str key = guild_str_n(rest, strcspn(rest, " "));
			const struct guild_opt_slot *other = find_key(p->out, key);

			guild_assert(other);
			if (other->count > 0) {
				char a[NAME_MAX_LEN], b[NAME_MAX_LEN];

				guild_error_set(p->err, GUILD_EINVALID,
					"%s and %s cannot both be used", shown_name(slot->opt, a),
					shown_name(other->opt, b));
				return GUILD_EXIT_ERROR;
			}
			rest += key.n;
		}
	}
	return GUILD_EXIT_OK;
}

static int check_words(struct parser *p)
{
	const struct guild_arg *args = p->out->cmd->args;
	const struct guild_strs *words = &p->out->words;
	size_t i = 0;

	for (; args && args[i].name; i++) {
		if (words->n <= i && args[i].required) {
			guild_error_set(p->err, GUILD_EINVALID, "missing argument for %s",
				args[i].name);
			return GUILD_EXIT_USAGE;
		}
		if (args[i].many) {
			return GUILD_EXIT_OK;
		}
	}
	if (words->n <= i) {
		return GUILD_EXIT_OK;
	}
	char *full = guild_format("%s %s", p->out->cmd->name, words->v[i]);
	bool is_command = guild_cmd_find(full) != NULL;

	free(full);
	if (is_command) {
		guild_error_set(p->err, GUILD_EINVALID,
			"options cannot be listed before command ('%s')", words->v[i]);
		return GUILD_EXIT_ERROR;
	}
	guild_error_set(p->err, GUILD_EINVALID, "unexpected extra argument '%s'", words->v[i]);
	return GUILD_EXIT_USAGE;
}

int guild_args_parse(const struct guild_cmd *cmd, char *const *argv, size_t n,
	enum guild_args_mode mode, struct guild_args *out, struct guild_error *err)
{
	struct parser p = {.out = out, .argv = argv, .n = n, .mode = mode, .err = err};

	*out = (struct guild_args){.cmd = cmd};
	make_slots(cmd, out);
	while (p.at < n) {
		const char *word = argv[p.at];
		int code = GUILD_EXIT_OK;

		if (out->after_dashes || word[0] != '-' || word[1] == '\0') {
			if (mode == GUILD_ARGS_STOP_AT_WORD || mode == GUILD_ARGS_LENIENT_STOP) {
				break;
			}
			guild_strs_add(&out->words, word);
			p.at++;
			continue;
		}
		p.at++;
		if (strcmp(word, "--") == 0) {
			out->after_dashes = true;
		} else if (strcmp(word, "--help") == 0) {
			out->help = true;
			if (!is_lenient(mode)) {
				return GUILD_EXIT_OK;
			}
		} else {
			code = parse_option(&p, word);
		}
		if (code != GUILD_EXIT_OK) {
			return code;
		}
	}
	out->taken = p.at;
	if (is_lenient(mode)) {
		return GUILD_EXIT_OK;
	}
	int code = check_exclusive(&p);

	if (code == GUILD_EXIT_OK && mode == GUILD_ARGS_STRICT) {
		code = check_words(&p);
	}
	return code;
}

void guild_args_fini(struct guild_args *args)
{
	for (size_t i = 0; i < args->n_slots; i++) {
		free(args->slots[i].key);
		guild_strs_fini(&args->slots[i].values);
	}
	free(args->slots);
	guild_strs_fini(&args->words);
	*args = (struct guild_args){0};
}

/* ---- what commands ask --------------------------------------------------------------------------- */

static const struct guild_opt_slot *get(const struct guild_args *a, const char *key)
{
	const struct guild_opt_slot *slot = find_key(a, guild_str(key));

	guild_assert(slot);
	return slot;
}

bool guild_args_has(const struct guild_args *a, const char *key)
{
	return find_key(a, guild_str(key)) != NULL;
}

bool guild_args_flag(const struct guild_args *a, const char *key)
{
	return get(a, key)->on;
}

bool guild_args_given(const struct guild_args *a, const char *key)
{
	return get(a, key)->count > 0;
}

size_t guild_args_count(const struct guild_args *a, const char *key)
{
	return get(a, key)->count;
}

const char *guild_args_text(const struct guild_args *a, const char *key)
{
	const struct guild_strs *values = &get(a, key)->values;

	return values->n > 0 ? values->v[values->n - 1] : NULL;
}

const struct guild_strs *guild_args_list(const struct guild_args *a, const char *key)
{
	return &get(a, key)->values;
}

int64_t guild_args_int(const struct guild_args *a, const char *key, int64_t missing)
{
	const struct guild_opt_slot *slot = get(a, key);

	return slot->count > 0 ? slot->i : missing;
}

double guild_args_number(const struct guild_args *a, const char *key, double missing)
{
	const struct guild_opt_slot *slot = get(a, key);

	return slot->count > 0 ? slot->f : missing;
}

const struct guild_strs *guild_args_words(const struct guild_args *a)
{
	return &a->words;
}

const struct guild_cmd *guild_args_cmd(const struct guild_args *a)
{
	return a->cmd;
}
