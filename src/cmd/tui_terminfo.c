/* Which kinds of terminals are described on this machine. */

#include "tui_screen.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

bool guild_tui_knows_term(const char *term)
{
	int status = 0;
	bool is_known = setupterm(term, STDOUT_FILENO, &status) == OK && status == 1;

	if (is_known) {
		(void)del_curterm(cur_term);
	}
	return is_known;
}
