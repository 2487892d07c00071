/* The table of commands is what parser, help, completion and documents rely on. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cmds.h"
#include "docs.h"
#include "help.h"

static void check_sorted(const char *const *names)
{
	for (size_t i = 1; names[i - 1] && names[i]; i++) {
		if (strcmp(names[i - 1], names[i]) >= 0) {
			fail_msg("'%s' stands before '%s'", names[i - 1], names[i]);
		}
	}
}

static void test_sorted(void **state)
{
	const char *names[128];
	size_t n = 0;

	(void)state;
	for (; guild_cmds[n]; n++) {
		assert_true(n + 1 < GUILD_ARRAY_LEN(names));
		names[n] = guild_cmds[n]->name;
	}
	names[n] = NULL;
	check_sorted(names);
	check_sorted(guild_later_cmds);
}

static void test_later_commands_are_not_there(void **state)
{
	(void)state;
	for (size_t i = 0; guild_later_cmds[i]; i++) {
		assert_null(guild_cmd_find(guild_later_cmds[i]));
	}
}

static bool is_group(const char *group)
{
	for (size_t i = 0; guild_cmd_groups[i]; i++) {
		if (strcmp(guild_cmd_groups[i], group) == 0) {
			return true;
		}
	}
	return false;
}

static void test_descriptors(void **state)
{
	(void)state;
	for (size_t i = 0; guild_cmds[i]; i++) {
		const struct guild_cmd *cmd = guild_cmds[i];

		assert_ptr_equal(guild_cmd_find(cmd->name), cmd);
		assert_non_null(cmd->run);
		assert_true(is_group(cmd->group));
		if (!*cmd->summary || guild_ends(cmd->summary, ".") || strlen(cmd->summary) > 60) {
			fail_msg("summary of '%s'", cmd->name);
		}
		for (const struct guild_arg *arg = cmd->args; arg && arg->name; arg++) {
			assert_non_null(arg->help);
			assert_true(!arg->many || !arg[1].name);
			assert_true(!arg[1].required || arg->required);
		}
	}
}

static bool has_key(const struct guild_args *args, struct guild_str key)
{
	for (size_t i = 0; i < args->n_slots; i++) {
		if (guild_str_eqz(key, args->slots[i].key)) {
			return true;
		}
	}
	return false;
}

static void check_option(const struct guild_cmd *cmd, const struct guild_args *args,
	const struct guild_opt_slot *slot, struct guild_map *seen)
{
	const char *rest = slot->opt->excludes;
	struct guild_str name;
	size_t pos = 0;
	bool off;

	if (!guild_ends(slot->opt->help, ".") || (slot->opt->choices && !slot->opt->value)) {
		fail_msg("help or choices of --%s of '%s'", slot->key, cmd->name);
	}
	bool needs_value = slot->opt->kind != GUILD_OPT_FLAG &&
			   slot->opt->kind != GUILD_OPT_COUNT && slot->opt->kind != GUILD_OPT_LATER;

	if (needs_value && !slot->opt->value) {
		fail_msg("--%s of '%s' has no name for its value", slot->key, cmd->name);
	}
	while (guild_opt_next_name(slot->opt, &pos, &name, &off)) {
		char *text = guild_strndup(name.p, name.n);

		/* The first table that has a name wins; one that nobody is shown may come later: -S of 'merge'. */
		bool is_taken = guild_map_has(seen, text) && !slot->opt->hidden;

		if (is_taken || text[0] != '-' || strcmp(text, "--help") == 0) {
			fail_msg("option %s of '%s'", text, cmd->name);
		}
		guild_map_put(seen, text, seen);
		free(text);
	}
	while (rest && *(rest += strspn(rest, " "))) {
		struct guild_str key = guild_str_n(rest, strcspn(rest, " "));

		if (!has_key(args, key)) {
			fail_msg("--%s of '%s' excludes unknown '%.*s'", slot->key, cmd->name,
				GUILD_STR_FMT(key));
		}
		rest += key.n;
	}
}

static void test_options(void **state)
{
	(void)state;
	for (size_t i = 0; guild_cmds[i]; i++) {
		struct guild_args args;
		struct guild_map seen = {0};

		(void)guild_args_parse(guild_cmds[i], NULL, 0, GUILD_ARGS_LENIENT, &args, NULL);
		for (size_t j = 0; j < args.n_slots; j++) {
			check_option(guild_cmds[i], &args, &args.slots[j], &seen);
		}
		guild_map_fini(&seen);
		guild_args_fini(&args);
	}
}

/* No line of a page is wider than asked for, but for terms that are longer themselves. */
static void check_page(const struct guild_cmd *cmd, size_t width)
{
	struct guild_buf page = {0};

	guild_help_text(cmd, width, &page);
	for (const char *line = guild_buf_cstr(&page); *line;) {
		size_t n = strcspn(line, "\n");
		char *text = guild_strndup(line, n);

		if (guild_text_width(text) > width && width == GUILD_HELP_WIDTH) {
			fail_msg("'%s': line of %zu columns: %s", cmd ? cmd->name : "guild", n,
				text);
		}
		free(text);
		line += n + (line[n] == '\n');
	}
	assert_null(strstr(guild_buf_cstr(&page), "\n\n\n"));
	guild_buf_fini(&page);
}

static void test_help_fits(void **state)
{
	(void)state;
	check_page(NULL, GUILD_HELP_WIDTH);
	for (size_t i = 0; guild_cmds[i]; i++) {
		check_page(guild_cmds[i], GUILD_HELP_WIDTH);
		check_page(guild_cmds[i], 40);
	}
}

static void test_documents_name_all(void **state)
{
	struct guild_buf man = {0}, reference = {0};

	(void)state;
	guild_docs_man(&man);
	guild_docs_reference(&reference);
	for (size_t i = 0; guild_cmds[i]; i++) {
		struct guild_strs words = {0};
		guild_strs_split(&words, guild_cmds[i]->name, '-');
		char *name = guild_strs_join(&words, "\\-"); /* as roff writes it */
		char *section = guild_format(".SS \"guild %s [OPTIONS]", name);
		char *heading = guild_format("\n## guild %s\n", guild_cmds[i]->name);

		bool is_shown = !guild_cmds[i]->hidden;

		assert_true((strstr(guild_buf_cstr(&man), section) != NULL) == is_shown);
		assert_true((strstr(guild_buf_cstr(&reference), heading) != NULL) == is_shown);
		free(section);
		free(heading);
		free(name);
		guild_strs_fini(&words);
	}
	guild_buf_fini(&man);
	guild_buf_fini(&reference);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_later_commands_are_not_there),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_help_fits),
		cmocka_unit_test(test_documents_name_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
