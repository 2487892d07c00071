/* Requests of ask-tell: whatever comes, the answers are lines of JSON, and the same however it is cut. */
#include "fuzz.h"

#include <string.h>

#include <guild/search.h>

enum { ANSWER_MAX = 1 << 20 };

struct talk {
	struct guild_buf out;
	bool is_full;
};

/* Asks for many points are cut short: the other side went away. */
static int take(void *arg, const void *p, size_t n, struct guild_error *err)
{
	struct talk *talk = arg;
	if (talk->out.n + n > ANSWER_MAX) {
		talk->is_full = true;
		return guild_error_set(err, GUILD_ELIMIT, "enough");
	}
	guild_buf_append(&talk->out, p, n);
	return 0;
}

static void converse(const char *p, size_t n, size_t step, struct talk *talk)
{
	const struct guild_ask_tell_options options = {.optimizer = "random", .seed = 1};
	const struct guild_sink to = {.write = take, .arg = talk};
	struct guild_ask_tell *t = NULL;
	int rc = guild_ask_tell_new(&options, &t, NULL);
	for (size_t i = 0; i < n && rc == 0; i += step) {
		rc = guild_ask_tell_feed(t, p + i, n - i < step ? n - i : step, &to, NULL);
	}
	rc = rc ? rc : guild_ask_tell_end(t, &to, NULL);
	guild_assert(rc == 0 || talk->is_full);
	guild_ask_tell_free(t);
}

static void check_lines(struct guild_str text)
{
	while (text.n > 0) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *v = NULL;
		const char *end = memchr(text.p, '\n', text.n);
		guild_assert(end);
		size_t n = (size_t)(end - text.p);
		guild_assert(guild_json_parse(a, guild_str_n(text.p, n), NULL, &v, NULL) == 0);
		guild_assert(v->type == GUILD_DICT);
		text = guild_str_n(end + 1, text.n - n - 1);
		guild_arena_free(a);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk whole = {0};
	struct talk cut = {0};
	if (size > 16 << 10) {
		return 0;
	}
	converse((const char *)data, size, size + 1, &whole);
	converse((const char *)data, size, 7, &cut);
	guild_assert(whole.out.n == cut.out.n &&
		     (whole.out.n == 0 || memcmp(whole.out.p, cut.out.p, whole.out.n) == 0));
	check_lines(guild_buf_str(&whole.out));
	guild_buf_fini(&whole.out);
	guild_buf_fini(&cut.out);
	return 0;
}
