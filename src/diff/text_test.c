/* Unified diffs; random pairs are put back together from their diff. */
#include <guild/diff.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sequence.h"

static const struct {
	const char *a, *b, *diff;
} cases[] = {
	{"", "", ""},
	{"a\n", "a\n", ""},
	{"", "a\n", "--- A\n+++ B\n@@ -0,0 +1 @@\n+a\n"},
	{"a\n", "", "--- A\n+++ B\n@@ -1 +0,0 @@\n-a\n"},
	{"a\nb\nc\n", "a\nx\nc\n", "--- A\n+++ B\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
	{"a\n", "a", "--- A\n+++ B\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"},
	{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nX\n",
		"--- A\n+++ B\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+X\n"},
	{"1\n2\n3\n4\n5\n6\n7\n8\n9\n0\n", "X\n2\n3\n4\n5\n6\n7\n8\n9\nY\n",
		"--- A\n+++ B\n@@ -1,4 +1,4 @@\n-1\n+X\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-0\n+Y\n"},
};

static void diffs(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf out = {0};
		guild_line_diff(guild_str(cases[i].a), guild_str(cases[i].b), "A", "B", &out);
		assert_string_equal(guild_buf_cstr(&out), cases[i].diff);
		guild_buf_fini(&out);
	}
}

static void make_text(struct guild_buf *out, unsigned *seed, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		*seed = *seed * 1103515245U + 12345U;
		guild_buf_printf(out, "%u\n", (*seed >> 16) % 7);
	}
}

/* Lines of a hunk that one side has. */
static void take_side(struct guild_str diff, char side, struct guild_buf *out)
{
	for (const char *p = diff.p; p < diff.p + diff.n;) {
		size_t n = strcspn(p, "\n") + 1;
		bool is_head = guild_starts(p, "---") || guild_starts(p, "+++") || *p == '@';
		if (!is_head && (*p == ' ' || *p == side)) {
			guild_buf_append(out, p + 1, n - 1);
		}
		p += n;
	}
}

static void keeps_both_sides(void **state)
{
	unsigned seed = 7;
	(void)state;
	for (unsigned i = 0; i < 500; i++) {
		struct guild_buf a = {0}, b = {0}, diff = {0}, left = {0}, right = {0};
		make_text(&a, &seed, i % 5);
		make_text(&b, &seed, i % 7);
		guild_line_diff(guild_buf_str(&a), guild_buf_str(&b), "A", "B", &diff);
		if (diff.n > 0) {
			/* So short that everything is in the hunks. */
			take_side(guild_buf_str(&diff), '-', &left);
			take_side(guild_buf_str(&diff), '+', &right);
			assert_string_equal(guild_buf_cstr(&left), guild_buf_cstr(&a));
			assert_string_equal(guild_buf_cstr(&right), guild_buf_cstr(&b));
		} else {
			assert_true(guild_str_eq(guild_buf_str(&a), guild_buf_str(&b)));
		}
		guild_buf_fini(&a);
		guild_buf_fini(&b);
		guild_buf_fini(&diff);
		guild_buf_fini(&left);
		guild_buf_fini(&right);
	}
}

static size_t count_lines(const struct guild_text_changes *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) {
		n += c->v[i].old_n + c->v[i].new_n;
	}
	return n;
}

static void takes_texts_that_differ_throughout(void **state)
{
	struct guild_buf a = {0}, b = {0}, diff = {0};
	(void)state;
	for (int i = 0; i < 3000; i++) {
		guild_buf_printf(&a, "a%d\n", i);
		guild_buf_printf(&b, "b%d\n", i);
	}
	guild_line_diff(guild_buf_str(&a), guild_buf_str(&b), "A", "B", &diff);
	assert_non_null(strstr(guild_buf_cstr(&diff), "@@ -1,3000 +1,3000 @@"));
	guild_buf_fini(&a);
	guild_buf_fini(&b);
	guild_buf_fini(&diff);
}

/* libgit2 and our own way: both lead from one text to the other, and differ in as many lines. */
static void two_ways_agree(void **state)
{
	unsigned seed = 11;
	size_t n_longer = 0;
	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		struct guild_buf a = {0}, b = {0};
		struct guild_pieces old = {0}, new = {0};
		struct guild_text_changes ours = {0}, theirs = {0};
		make_text(&a, &seed, i % 23);
		make_text(&b, &seed, i % 19);
		guild_pieces_split_lines(&old, guild_buf_str(&a));
		guild_pieces_split_lines(&new, guild_buf_str(&b));
		assert_true(guild_sequence_diff(&old, &new, 2000, &ours));
		assert_true(guild_sequence_fits(&old, &new, &ours));
		if (guild_git2_diff(guild_buf_str(&a), guild_buf_str(&b), &theirs)) {
			assert_true(guild_sequence_fits(&old, &new, &theirs));
			n_longer += count_lines(&theirs) > count_lines(&ours);
			assert_true(count_lines(&theirs) >= count_lines(&ours));
		}
		free(old.v);
		free(new.v);
		free(ours.v);
		free(theirs.v);
		guild_buf_fini(&a);
		guild_buf_fini(&b);
	}
	/* git gives up the shortest way only where that is dear. */
	assert_int_equal(n_longer, 0);
}

static void marks_words(void **state)
{
	static const struct guild_patch_style style = {.color = true, .context = 0};
	struct guild_text_diff d;
	struct guild_buf out = {0};
	(void)state;
	guild_text_diff(guild_str("rate = 0.1 # it\x1b\n"), guild_str("rate = 0.25 # it\x1b\n"),
		&d);
	guild_text_hunks(&d, &style, &out);
	assert_string_equal(guild_buf_cstr(&out),
		"\033[36m@@ -1 +1 @@\033[0m\n"
		"\033[31m-rate = 0.\033[7m1\033[0m\033[31m # it^[\033[0m\n"
		"\033[32m+rate = 0.\033[7m25\033[0m\033[32m # it^[\033[0m\n");
	guild_text_diff_fini(&d);
	guild_buf_reset(&out);
	/* Nothing in common: another line. */
	guild_text_diff(guild_str("abc\n"), guild_str("xyz\n"), &d);
	guild_text_hunks(&d, &style, &out);
	assert_null(strstr(out.p, "\033[7m"));
	guild_text_diff_fini(&d);
	guild_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(diffs),
		cmocka_unit_test(keeps_both_sides),
		cmocka_unit_test(takes_texts_that_differ_throughout),
		cmocka_unit_test(two_ways_agree), cmocka_unit_test(marks_words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
