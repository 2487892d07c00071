/* The automatic rules on logs that real frameworks printed (tests/framework_logs): no number may be invented, at least 95 % found, every step
 * right. The truth beside each log was written by the framework's own history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <guild/collect.h>

struct number {
	char *key;
	int64_t step; /* -1: none */
	double value;
	bool is_met;
};
struct numbers {
	struct number *v;
	size_t n, cap;
};

static void add_number(struct numbers *all, const char *key, int64_t step, double value)
{
	all->v = guild_grow_array(all->v, &all->cap, all->n + 1, sizeof(*all->v));
	all->v[all->n++] = (struct number){guild_strdup(key), step, value, false};
}

static void free_numbers(struct numbers *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].key);
	}
	free(all->v);
}

static void on_scalar(void *arg, const struct guild_output_scalar *s)
{
	add_number(arg, s->key, s->step, s->value);
}

static void read_list(const struct guild_value *list, struct numbers *out)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct guild_value *row = list->items[i];
		int64_t step = row->items[1]->type == GUILD_INT ? row->items[1]->i : -1;
		add_number(out, guild_value_text(row->items[0]), step,
			guild_value_as_f64(row->items[2]));
	}
}

/* Is `printed` the truth, rounded as programs round? */
static bool is_rounded(double printed, double truth)
{
	if (printed == truth || (isnan(printed) && isnan(truth))) {
		return true;
	}
	for (int digits = 0; digits <= 12; digits++) {
		/* One unit of the last place, for what was rounded twice on its way. */
		double unit = pow(10, -digits);
		double scaled = printed / unit;
		if (fabs(scaled - round(scaled)) < 1e-6 &&
			fabs(printed - truth) <= 0.5000001 * unit) {
			return true;
		}
	}
	return fabs(printed - truth) <= fabs(truth) * 5e-4;
}

static struct number *find(struct numbers *all, const struct number *wanted)
{
	for (size_t i = 0; i < all->n; i++) {
		struct number *n = &all->v[i];
		bool same_step = n->step < 0 || n->step == wanted->step;
		if (strcmp(n->key, wanted->key) == 0 && same_step &&
			is_rounded(wanted->value, n->value)) {
			return n;
		}
	}
	return NULL;
}

/* Feeds both streams in uneven pieces, as pipes deliver them. */
static void feed(struct guild_output_scalars *p, unsigned stream, const char *path,
	struct numbers *found)
{
	struct guild_buf text = {0};
	if (guild_file_read(path, 0, &text, NULL) == 0) {
		for (size_t i = 0, n = 700; i < text.n; i += n, n = n * 7 % 1000 + 1) {
			struct guild_str piece = {text.p + i, text.n - i < n ? text.n - i : n};
			guild_output_scalars_feed(p, stream, piece, on_scalar, found);
		}
	}
	guild_buf_fini(&text);
}

static void read_log(const char *dir, const char *name, struct numbers *found)
{
	struct guild_output_scalars *p;
	assert_int_equal(guild_output_scalars_new(NULL, true, NULL, &p, NULL, NULL), 0);
	for (unsigned stream = 0; stream < 2; stream++) {
		char *path = guild_format("%s/%s%s", dir, name, stream == 0 ? ".out" : ".err");
		feed(p, stream, path, found);
		free(path);
	}
	guild_output_scalars_end(p, on_scalar, found);
	guild_output_scalars_free(p);
}

/* Appends to `faults` what is wrong with one log. */
static void check_log(const char *dir, const char *name, struct guild_buf *faults)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_buf text = {0};
	struct guild_value *truth;
	char *path = guild_format("%s/%s.json", dir, name);
	assert_int_equal(guild_file_read(path, 0, &text, NULL), 0);
	assert_int_equal(guild_json_parse(a, guild_buf_str(&text), path, &truth, NULL), 0);
	struct numbers required = {0};
	struct numbers optional = {0};
	struct numbers found = {0};
	read_list(guild_value_get(truth, "required"), &required);
	read_list(guild_value_get(truth, "optional"), &optional);
	read_log(dir, name, &found);
	for (size_t i = 0; i < found.n; i++) {
		struct number *known = find(&required, &found.v[i]);
		known = known ? known : find(&optional, &found.v[i]);
		if (known == NULL) {
			guild_buf_printf(faults, "%s: invented %s = %g at step %lld\n", name,
				found.v[i].key, found.v[i].value, (long long)found.v[i].step);
		}
	}
	size_t n_missed = 0;
	for (size_t i = 0; i < required.n; i++) {
		for (size_t k = 0; k < found.n && !required.v[i].is_met; k++) {
			struct numbers one = {&required.v[i], 1, 1};
			required.v[i].is_met = find(&one, &found.v[k]) != NULL;
		}
		n_missed += !required.v[i].is_met;
	}
	for (size_t i = 0; i < required.n && n_missed * 20 > required.n; i++) {
		if (!required.v[i].is_met) {
			guild_buf_printf(faults, "%s: missed %s = %g at step %lld\n", name,
				required.v[i].key, required.v[i].value,
				(long long)required.v[i].step);
		}
	}
	free_numbers(&required);
	free_numbers(&optional);
	free_numbers(&found);
	guild_buf_fini(&text);
	guild_arena_free(a);
	free(path);
}

static void test_logs(void **state)
{
	const char *root = getenv("GUILD_SOURCE_ROOT");
	char *dir = guild_path_join(root ? root : ".", "tests/framework_logs/logs");
	struct guild_strs names = {0};
	struct guild_buf faults = {0};
	size_t n = 0;
	assert_int_equal(guild_dir_list(dir, &names, NULL), 0);
	for (size_t i = 0; i < names.n; i++) {
		if (guild_ends(names.v[i], ".json")) {
			names.v[i][strlen(names.v[i]) - strlen(".json")] = 0;
			check_log(dir, names.v[i], &faults);
			n++;
		}
	}
	if (faults.n > 0) {
		struct guild_strs lines = {0};
		guild_strs_split(&lines, faults.p, '\n');
		for (size_t i = 0; i < lines.n; i++) {
			print_error("%s\n", lines.v[i]);
		}
		guild_strs_fini(&lines);
		fail();
	}
	assert_true(n >= 30);
	guild_strs_fini(&names);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
