/* guild-docs man|reference|guild-yml|schema: prints the man page, the command reference, the reference or the JSON Schema of
 * guild.yml. Used by the build, not installed. */

#include <stdio.h>
#include <string.h>

#include "docs.h"

#include "guild/project.h"

int main(int argc, char **argv)
{
	struct guild_buf out = {0};

	if (argc == 2 && strcmp(argv[1], "man") == 0) {
		guild_docs_man(&out);
	} else if (argc == 2 && strcmp(argv[1], "reference") == 0) {
		guild_docs_reference(&out);
	} else if (argc == 2 && strcmp(argv[1], "guild-yml") == 0) {
		guild_project_reference(&out);
	} else if (argc == 2 && strcmp(argv[1], "schema") == 0) {
		struct guild_arena *a = guild_arena_new();

		guild_json_dump(&out, guild_project_schema(a), GUILD_JSON_INDENT);
		guild_buf_putc(&out, '\n');
		guild_arena_free(a);
	} else {
		fputs("usage: guild-docs man|reference|guild-yml|schema\n", stderr);
		return 2;
	}
	fwrite(out.p, 1, out.n, stdout);
	guild_buf_fini(&out);
	return fflush(stdout) == 0 ? 0 : 1;
}
