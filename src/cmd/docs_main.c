/* guild-docs man|reference: prints the man page or the command reference. Used by the build, not installed. */

#include <stdio.h>
#include <string.h>

#include "docs.h"

int main(int argc, char **argv)
{
	struct guild_buf out = {0};

	if (argc == 2 && strcmp(argv[1], "man") == 0) {
		guild_docs_man(&out);
	} else if (argc == 2 && strcmp(argv[1], "reference") == 0) {
		guild_docs_reference(&out);
	} else {
		fputs("usage: guild-docs man|reference\n", stderr);
		return 2;
	}
	fwrite(out.p, 1, out.n, stdout);
	guild_buf_fini(&out);
	return fflush(stdout) == 0 ? 0 : 1;
}
