/* Templates: any text is rendered or refused in time and space; what holds no bracket comes out as it went in. */
#include "fuzz.h"

#include <guild/formats.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_INPUT = 4 << 10 };

/* One file can be included, which includes itself. */
static int load(void *arg, const char *name, struct guild_arena *a, struct guild_str *out,
	struct guild_error *err)
{
	(void)arg;
	(void)a;
	*out = guild_str("again {% if run %}{% include 'f' %}{% endif %}");
	return strcmp(name, "f") == 0 ? 0 : guild_error_set(err, GUILD_ENOTFOUND, "none");
}

static struct guild_value *make_vars(struct guild_arena *a)
{
	static const char text[] =
		"{\"run\": {\"id\": \"abc\", \"n\": 3, \"none\": null}, \"flags\": {\"lr\": 0.1, "
		"\"on\": true}, \"rows\": [[\"a\", \"b\"], [1, \"x\"], [2, \"\"]]}";
	struct guild_value *v = NULL;
	guild_assert(guild_json_parse(a, guild_str(text), "vars", &v, NULL) == 0);
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > MAX_INPUT) {
		return 0;
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_buf out = {0};
	struct guild_error err = {0};
	const struct guild_template_env env = {.load = load};
	char *text = guild_strndup((const char *)data, size);
	int rc = guild_template_render(a, guild_str_n(text, size), "t", make_vars(a), &env, &out,
		&err);
	guild_assert(rc == 0 || (rc == err.code && err.text[0]));
	guild_assert(out.n <= GUILD_TEMPLATE_MAX_BYTES);
	if (size > 0 && !memchr(text, '{', size)) {
		size_t n = text[size - 1] == '\n' ? size - 1 : size;
		guild_assert(rc == 0 && out.n == n && (n == 0 || memcmp(out.p, text, n) == 0));
	}
	free(text);
	guild_buf_fini(&out);
	guild_arena_free(a);
	return 0;
}
