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
