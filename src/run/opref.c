/* Where a run's operation comes from: .guild/opref, four shell words. */

#include <stdlib.h>
#include <string.h>

#include "guild/run.h"

void guild_opref_fini(struct guild_opref *r)
{
	free(r->pkg_type);
	free(r->pkg_name);
	free(r->version);
	free(r->model);
	free(r->op);
	*r = (struct guild_opref){0};
}

int guild_opref_parse(const char *text, struct guild_opref *out, struct guild_error *err)
{
	struct guild_strs words = {0};
	int rc = guild_shlex_split(text, &words, err);
	if (rc != 0) {
		guild_error_wrap(err, "invalid operation reference");
		goto out;
	}
	if (words.n != 4) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"invalid operation reference: expected 4 words, found %zu", words.n);
		goto out;
	}
	const char *colon = strchr(words.v[0], ':');
	if (colon == NULL || colon == words.v[0]) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"invalid operation reference: '%.200s' is not TYPE:NAME", words.v[0]);
		goto out;
	}
	*out = (struct guild_opref){
		.pkg_type = guild_strndup(words.v[0], (size_t)(colon - words.v[0])),
		.pkg_name = guild_strdup(colon + 1),
		.version = guild_strdup(words.v[1]),
		.model = guild_strdup(words.v[2]),
		.op = guild_strdup(words.v[3]),
	};
out:
	guild_strs_fini(&words);
	return rc;
}

void guild_opref_format(const struct guild_opref *r, struct guild_buf *out)
{
	guild_shlex_quote(out, r->pkg_type);
	guild_buf_putc(out, ':');
	guild_shlex_quote(out, r->pkg_name);
	guild_buf_putc(out, ' ');
	guild_shlex_quote(out, r->version);
	guild_buf_putc(out, ' ');
	guild_shlex_quote(out, r->model);
	guild_buf_putc(out, ' ');
	guild_shlex_quote(out, r->op);
}
