/* What went wrong on guild's side while a program ran: each kind is said once. */

#include <stdarg.h>
#include <stdio.h>

#include "supervise.h"

void guild_trouble(struct guild_troubles *t, enum guild_trouble kind, const char *fmt, ...)
{
	unsigned bit = 1U << kind;
	if ((t->said & bit) != 0) {
		return;
	}
	t->said |= bit;
	char text[GUILD_ERROR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	guild_log(t->log, "warning", "%s", text);
}
