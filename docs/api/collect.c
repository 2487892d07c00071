/* guild/collect.h: scalars read from lines of output with the default patterns. */

#include <stdio.h>

#include <guild/collect.h>

static void on_scalar(void *arg, const struct guild_output_scalar *s)
{
	const char *where = arg;
	printf("%s %s=%g step=%lld\n", where, s->key, s->value, (long long)s->step);
}

int main(void)
{
	static const char *const lines[] = {"starting", "step: 1", "loss: 0.25", "accuracy: 0.9"};
	struct guild_error err = {0};
	struct guild_output_scalars *scalars = NULL;
	char where[] = "found";
	if (guild_output_scalars_new(NULL, false, NULL, &scalars, NULL, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(lines); i++) {
		guild_output_scalars_line(scalars, guild_str(lines[i]), on_scalar, where);
	}
	guild_output_scalars_end(scalars, on_scalar, where);
	guild_output_scalars_free(scalars);
	return 0;
}
