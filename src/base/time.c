/* Clocks and the formats of times in tables. */
#include <guild/base.h>

#include <time.h>

static int64_t clock_us(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t guild_now_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t guild_monotonic_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

void guild_time_format(int64_t us, bool utc, char out[GUILD_TIME_MAX])
{
	time_t t = (time_t)(us / 1000000 - (us % 1000000 < 0)); /* rounded down */
	struct tm tm;
	out[0] = 0;
	if (utc ? gmtime_r(&t, &tm) != NULL : localtime_r(&t, &tm) != NULL) {
		strftime(out, GUILD_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	}
}

void guild_duration_format(int64_t us, char out[GUILD_TIME_MAX])
{
	int64_t s = us > 0 ? us / 1000000 : 0;
	snprintf(out, GUILD_TIME_MAX, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60),
		(int)(s % 60));
}

/* ---- durations as people write them ------------------------------------------------------------------------- */

static const struct {
	const char *name;
	double seconds;
} units[] = {
	{"s", 1},
	{"sec", 1},
	{"second", 1},
	{"seconds", 1},
	{"m", 60},
	{"min", 60},
	{"minute", 60},
	{"minutes", 60},
	{"h", 3600},
	{"hour", 3600},
	{"hours", 3600},
	{"d", 86400},
	{"day", 86400},
	{"days", 86400},
	{"w", 604800},
	{"week", 604800},
	{"weeks", 604800},
};

double guild_duration_unit(struct guild_str word)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(units); i++) {
		if (guild_str_eqz(word, units[i].name)) {
			return units[i].seconds;
		}
	}
	return 0;
}

bool guild_duration_parse(struct guild_str text, int64_t *us)
{
	struct guild_str s = guild_str_trim(text);
	double number = 0;
	size_t n = 0;
	while (n < s.n && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '.')) {
		n++;
	}
	double seconds = guild_duration_unit(guild_str_trim(guild_str_n(s.p + n, s.n - n)));
	if (n == 0 || !guild_parse_f64(s.p, n, &number)) {
		return false;
	}
	double all = number * seconds * 1e6;
	*us = all < 9e18 ? (int64_t)all : 0;
	return *us > 0;
}
