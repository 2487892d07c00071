/* R scripts: which assignments are flags, the "#|" lines, and values put in their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guild/flags.h"

static const struct {
	const char *script, *flags; /* NAME:TYPE=DEFAULT, sorted */
} scripts[] = {
	{"units <- 64\nlr = 0.001\nn <- 10L\n", "lr:float=0.001 n:int=10 units:float=64.0"},
	{"s <- \"a\"\nt = 'it''s'\nu <- 'x\\ty'\n", "s:string=a u:string=\"x\\ty\""},
	{"b <- TRUE; d = FALSE;n <- NULL; e <- T", "b:boolean=true d:boolean=false n:-=-"},
	{"x <- -5\ny <- - 3L\nz <- +1e-3\nh <- 0xFFL\ni <- 5.\nj <- .5",
		"h:int=255 i:float=5.0 j:float=0.5 x:float=-5.0 y:int=-3 z:float=0.001"},
	{"cx <- 0 +\n  0i\nc2 <- 2i\nc3 = 1 + # a\n 1i # b\n",
		"c2:string=2i c3:string=1+1i cx:string=0+0i"},
	{"x <- 1\nx <- 2\n", "x:float=1.0"},
	{"x <- f(1)\nx <- 2\n", "x:float=2.0"},
	{"  b <-\n  # a comment\n  FALSE # trailing\ny\n", "b:boolean=false"},
	{"s2 <- r\"(foo)\"\ns3 <- R\"---[a)--]-\"b]---\"\n", "s2:string=foo s3:string=a)--]-\"b"},
	{"v <- c(64, 32)\nw = c(\"a b\", 'c')\nk <- c(1, x)\nl <- c()\n",
		"v:split=64.0 32.0 w:split='a b' c"},
	{"`my flag` <- 1\n\"q\" <- 2\n", "my flag:float=1.0 q:float=2.0"},
	{"if (a)\n  x <- 1\nfor (i in 1:3)\n  y <- 2\nwhile (FALSE)\n z <- 3\nf <- function(a, b = 2)\n  w = 3\n"
	 "g <- \\(x)\n v <- 1\nrepeat\n  u <- 4\nok <- 5",
		"ok:float=5.0"},
	{"f(x = 1)\n{\n  y <- 2\n}\n(z <- 3)\n1 -> w\nlist(\na = 1,\nb = 2)\nok <- 1\n",
		"ok:float=1.0"},
	{"x <- y <- 3\nx$y <- 1\nx[1] <- 2\nnames(x) <- 'a'\na <<- 1\n3 -> b\nd <- 1 + 2\ne <- 1:3\n",
		""},
	{"df %>%\n  f(\n   a = 1) |>\n  g()\ny <- 1 %in%\n  z <- 2\nok <- 2", "ok:float=2.0"},
	{"x == 1\nx <- 1 # y <- 2\n# z <- 3\n", "x:float=1.0"},
	{"x <- 'a\nb'\ny <- 1\r\nz <- 2\r\n", "x:string=\"a\\nb\" y:float=1.0 z:float=2.0"},
	{"n <- 3000000000L\nm <- 1.5L\nTRUE <- 1\nu <- \"\\u00e9\\x41\"\nbad <- '\\q'\n",
		"TRUE:float=1.0 u:string=\"\\xE9A\""},
	{"", ""},
	{"#!/usr/bin/env Rscript\n", ""},
};

static void put_flags(const struct guild_flag_defs *defs, struct guild_buf *out)
{
	for (size_t i = 0; i < defs->n; i++) {
		const struct guild_flag_def *f = &defs->v[i];
		const char *text = f->def ? guild_value_text(f->def) : NULL;
		guild_buf_printf(out, "%s%s:%s=", i ? " " : "", f->name,
			f->type        ? f->type
			: f->arg_split ? "split"
				       : "-");
		if (!f->def) {
			guild_buf_putc(out, '-');
		} else if (text && f->arg_split) {
			guild_buf_puts(out, text);
		} else {
			guild_yaml_dump_flow(out, f->def);
		}
	}
}

static void test_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(scripts); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_defs defs = {0};
		struct guild_buf got = {0};
		assert_int_equal(guild_r_script_flags(a, guild_str(scripts[i].script), "a.R", NULL,
					 &defs, NULL, NULL),
			0);
		put_flags(&defs, &got);
		assert_string_equal(guild_buf_cstr(&got), scripts[i].flags);
		guild_buf_fini(&got);
		guild_arena_free(a);
	}
}

/* The lines that describe the operation, as JSON, and how many flags have a description. */
static const struct {
	const char *script, *front;
	size_t described;
} fronts[] = {
	{"#| description: op\ny <- 0\nn=1\n", "{\"description\": \"op\"}", 0},
	{"#!/usr/bin/env Rscript\n\n#| flags-dest: ./flags.R\n#| sourcecode:\n#|   - exclude: '*.csv'\n\nx <- 1\n",
		"{\"flags-dest\": \"./flags.R\", \"sourcecode\": [{\"exclude\": \"*.csv\"}]}", 0},
	{"x <- 1\n#| description: size\n#| min: 16\nunits <- 32\n", NULL, 1},
	{"# a comment\n#| description: size\nunits <- 32\n", NULL, 1},
	{"# a comment\n#| label: a\n\nunits <- 32\n", "{\"label\": \"a\"}", 0},
	{"#| label: a\n\n#| description: size\nunits <- 32\n", "{\"label\": \"a\"}", 1},
	{"x <- 1\n#| description: gone\n\nunits <- 32\n", NULL, 0},
	{"library(a)\n#| label: a\n", NULL, 0},
	{"#|\n", NULL, 0},
};

static void test_front(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(fronts); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_defs defs = {0};
		struct guild_value *front = NULL;
		struct guild_buf got = {0};
		assert_int_equal(guild_r_script_flags(a, guild_str(fronts[i].script), "a.R", &front,
					 &defs, NULL, NULL),
			0);
		if (front) {
			guild_json_dump(&got, front, 0);
		}
		assert_string_equal(guild_buf_cstr(&got), fronts[i].front ? fronts[i].front : "");
		size_t n = 0;
		for (size_t k = 0; k < defs.n; k++) {
			n += defs.v[k].description != NULL;
			assert_non_null(defs.v[k].def);
		}
		assert_int_equal(n, fronts[i].described);
		guild_buf_fini(&got);
		guild_arena_free(a);
	}
}

static const struct {
	const char *script, *flags, *expected;
} settings[] = {
	{"x <- 1 # one\nx <- 2\n", "{\"x\": 0.5}", "x <- 0.5 # one\nx <- 2\n"},
	{"n <- 1L; m = 2", "{\"n\": 5, \"m\": 64.0}", "n <- 5L; m = 64"},
	{"s <- 'a'\n", "{\"s\": \"q\\\"\\\\\\n\\u00e9\"}", "s <- \"q\\\"\\\\\\n\xC3\xA9\"\n"},
	{"b <- TRUE\nn <- NULL", "{\"b\": false, \"n\": \"x\"}", "b <- FALSE\nn <- \"x\""},
	{"x <- 1", "{\"x\": null}", "x <- 1"},
	{"s <- 'a\nb\nc'; y <- 2\n", "{\"s\": \"z\", \"y\": 3}", "s <- (\"z\"\n\n); y <- 3\n"},
	{"v <- c(1, 2)", "{\"v\": \"3 0.5\"}", "v <- c(3, 0.5)"},
	{"c <- 1+2i; d <- 1i", "{\"c\": \"3-1i\", \"d\": \"q()\"}", "c <- 3-1i; d <- \"q()\""},
	{"x <- -5", "{\"x\": Infinity}", "x <- Inf"},
	{"i <- 1L", "{\"i\": 3000000000}", "i <- 3000000000"},
	{"s <- (\"z\"\n\n); y <- 3\n", "{\"s\": \"w\"}", "s <- (\"w\"\n\n); y <- 3\n"},
};

static void test_setting(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(settings); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_defs defs = {0};
		struct guild_value *flags = NULL;
		struct guild_buf out = {0};
		struct guild_str text = guild_str(settings[i].script);
		assert_int_equal(guild_r_script_flags(a, text, "a.R", NULL, &defs, NULL, NULL), 0);
		assert_int_equal(guild_json_parse(a, guild_str(settings[i].flags), "f", &flags,
					 NULL),
			0);
		assert_int_equal(guild_r_script_set_flags(text, "a.R", flags,
					 guild_flag_cmd_flags(a, &defs), &out, NULL),
			0);
		assert_string_equal(guild_buf_cstr(&out), settings[i].expected);
		guild_buf_fini(&out);
		guild_arena_free(a);
	}
}

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *script, *text;
	} bad[] = {
		{"#| a: [\n#| b\nx <- 1\n", "a.R:3:1"},
		{"#| - a\n\n", "no mapping"},
		{"#| a: 1\n\n#| min: {\nx <- 1\n#| choices: 3\ny <- 1\n", "choice"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_defs defs = {0};
		struct guild_value *front = NULL;
		struct guild_error err = {0};
		assert_int_equal(guild_r_script_flags(a, guild_str(bad[i].script), "a.R", &front,
					 &defs, NULL, &err),
			GUILD_EINVALID);
		if (!strstr(err.text, bad[i].text)) {
			print_error("%zu: %s\n", i, err.text);
			fail();
		}
		guild_arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_front),
		cmocka_unit_test(test_setting),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
