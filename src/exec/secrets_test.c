/* What is taken for a secret, and what is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exec_private.h"

static void knows_names(void **state)
{
	static const char *const secret[] = {"PASSWORD", "DB_PASSWD", "API_KEY", "apiKey",
		"--api-key", "aws-secret-access-key", "AUTH_TOKEN", "AZURE_CREDENTIALS",
		"privateKey"};
	static const char *const plain[] = {"max_tokens", "--num-tokens", "KEY", "keyboard",
		"monkey_api", "tokenizer", "lr", "PATH", "secretary", ""};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(secret); i++) {
		assert_true(guild_secret_name(secret[i]));
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(plain); i++) {
		assert_false(guild_secret_name(plain[i]));
	}
}

static void drops_what_the_reference_drops(void **state)
{
	assert_true(guild_secret_is_dropped("GITHUB_TOKEN"));
	assert_true(guild_secret_is_dropped("MyPasswords"));
	assert_true(guild_secret_is_dropped("TOKENIZERS_PARALLELISM"));
	assert_false(guild_secret_is_dropped("API_KEY"));
}

static void masks_values(void **state)
{
	static const struct {
		const char *name;
		const char *value;
		const char *saved;
	} cases[] = {
		{"X", "plain", "plain"},
		{"X", "AKIAIOSFODNN7EXAMPLE", GUILD_SECRET_MASK},
		{"X", "ghp_0123456789abcdefghijABCDEFGHIJ012345", GUILD_SECRET_MASK},
		{"X", "sk-short", "sk-short"},
		{"X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
			GUILD_SECRET_MASK},
		{"X", "postgres://me:pa55@db/x", "postgres://me:" GUILD_SECRET_MASK "@db/x"},
		{"X", "http://proxy:3128/", "http://proxy:3128/"},
		{"X", "https://me@host/", "https://me@host/"},
		{"API_KEY", "abc", GUILD_SECRET_MASK},
		{"API_KEY", "", ""},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf b = {0};
		guild_secret_mask_env(&b, cases[i].name, cases[i].value);
		assert_string_equal(guild_buf_cstr(&b), cases[i].saved);
		guild_buf_fini(&b);
	}
}

static void masks_commands(void **state)
{
	struct guild_strs argv = {0};
	struct guild_strs saved = {0};
	assert_int_equal(
		guild_shlex_split(
			"python -u t.py --password hunter2 --token 5 --lr 0.1 --api-key=zzz "
			"--url ftp://a:b@c --passwd --x 1",
			&argv, NULL),
		0);
	guild_secret_mask_command(&argv, &saved);
	char *text = guild_strs_join(&saved, " ");
	assert_string_equal(text,
		"python -u t.py --password ******** --token 5 --lr 0.1 --api-key=******** "
		"--url ftp://a:********@c --passwd --x 1");
	free(text);
	guild_strs_fini(&argv);
	guild_strs_fini(&saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_names),
		cmocka_unit_test(drops_what_the_reference_drops),
		cmocka_unit_test(masks_values),
		cmocka_unit_test(masks_commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
