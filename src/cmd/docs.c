/* What man page and reference have in common. */

#include "docs.h"

#include <string.h>

void guild_docs_paragraphs(const struct guild_docs_writer *w, const char *help,
	struct guild_buf *out)
{
	while (help && *help) {
		const char *end = strstr(help, "\n\n");
		struct guild_str par = guild_str_n(help, end ? (size_t)(end - help) : strlen(help));

		if (guild_str_starts(par, "  ")) {
			w->example(out, par);
		} else if (guild_str_ends(par, ":") && !memchr(par.p, ' ', par.n)) {
			w->heading(out, guild_str_n(par.p, par.n - 1));
		} else if (par.n > 0) {
			w->text(out, par);
		}
		help = end ? end + 2 : NULL;
	}
}

void guild_docs_option_text(const struct guild_opt *opt, struct guild_buf *out)
{
	guild_buf_puts(out, opt->help);
	if (opt->choices) {
		struct guild_strs choices = {0};

		guild_strs_split(&choices, opt->choices, '|');
		guild_buf_puts(out, " One of ");
		for (size_t i = 0; i < choices.n; i++) {
			guild_buf_printf(out, "%s%s", i > 0 ? ", " : "", choices.v[i]);
		}
		guild_buf_putc(out, '.');
		guild_strs_fini(&choices);
	}
}

bool guild_docs_is_common(const struct guild_opt *table)
{
	return table == guild_filter_opts || table == guild_status_opts;
}
