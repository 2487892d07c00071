/* Signals that end a batch. */

#include "batch.h"

/* Handlers can reach nothing but a global. */
static volatile sig_atomic_t caught_signal;

static const int ending_signals[GUILD_BATCH_SIGNALS] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

static void on_signal(int number)
{
	/* A reader of our messages that went away ends nothing. Not ignored, since trials would inherit that. */
	if (number != SIGPIPE) {
		caught_signal = number;
	}
}

void guild_batch_signals_catch(struct guild_batch_signals *s)
{
	struct sigaction act = {.sa_handler = on_signal};
	sigemptyset(&act.sa_mask);
	caught_signal = 0;
	sigprocmask(SIG_BLOCK, NULL, &s->mask);
	for (size_t i = 0; i < GUILD_BATCH_SIGNALS; i++) {
		sigaction(ending_signals[i], NULL, &s->before[i]);
		if (s->before[i].sa_handler != SIG_IGN) {
			sigaction(ending_signals[i], &act, NULL);
		}
	}
}

void guild_batch_signals_release(const struct guild_batch_signals *s)
{
	for (size_t i = 0; i < GUILD_BATCH_SIGNALS; i++) {
		sigaction(ending_signals[i], &s->before[i], NULL);
	}
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

bool guild_batch_signals_came(void)
{
	return caught_signal != 0;
}

int guild_batch_signals_take(void)
{
	int number = caught_signal;
	caught_signal = 0;
	return number;
}
