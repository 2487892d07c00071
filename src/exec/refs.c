/* ${NAME} references in command words and variables (guildfile.md 4.1). */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

static bool is_name(const char *p, size_t n)
{
	return !memchr(p, '{', n) && !memchr(p, '$', n) && !memchr(p, '\n', n);
}

int guild_refs_resolve(const char *text, guild_ref_fn *look_up, void *arg, struct guild_buf *out,
	struct guild_error *err)
{
	for (const char *p = text; *p;) {
		bool is_escaped = p[0] == '\\' && p[1] == '$' && p[2] == '{';
		const char *name = p + 2 + is_escaped;
		const char *end =
			(is_escaped || (p[0] == '$' && p[1] == '{')) ? strchr(name, '}') : NULL;
		if (!end || !is_name(name, (size_t)(end - name))) {
			guild_buf_putc(out, *p++);
			continue;
		}
		if (is_escaped) {
			guild_buf_append(out, p + 1, (size_t)(end - p));
		} else {
			char *key = guild_strndup(name, (size_t)(end - name));
			bool is_known = look_up(arg, key, out);
			int rc = is_known ? 0
					  : guild_error_set(err, GUILD_EINVALID,
						    "undefined reference '${%s}' in '%s'", key,
						    text);
			free(key);
			if (rc != 0) {
				return rc;
			}
		}
		p = end + 1;
	}
	return 0;
}
