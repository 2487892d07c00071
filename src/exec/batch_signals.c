/* Signals that end or suspend a batch. */

#include "batch.h"

/* A signal may come to the process and to its group. */
enum { COALESCE_US = 20000 };

/* Handlers can reach nothing but a global. */
static volatile sig_atomic_t caught_signal;
static volatile sig_atomic_t caught_stop;
static volatile sig_atomic_t has_workers;
static volatile int64_t caught_us;

static const int batch_signals[GUILD_BATCH_SIGNALS] = {
	SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP};

static void on_signal(int number)
{
	if (number == SIGTSTP) {
		if (has_workers) {
			caught_stop = 1;
		} else {
			raise(SIGSTOP);
		}
		return;
	}
	/* A reader of our messages that went away ends nothing. Not ignored, since trials would inherit that. */
	if (number == SIGPIPE) {
		return;
	}
	int64_t now = guild_monotonic_us();
	if (!has_workers && caught_signal != 0 && now - caught_us > COALESCE_US) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	caught_signal = number;
	caught_us = now;
}

void guild_batch_signals_are_for_workers(bool are)
{
	has_workers = are;
}

bool guild_batch_signals_stop_came(void)
{
	return caught_stop != 0;
}

bool guild_batch_signals_take_stop(void)
{
	bool came = caught_stop != 0;
	caught_stop = 0;
	return came;
}

void guild_batch_signals_catch(struct guild_batch_signals *s)
{
	struct sigaction act = {.sa_handler = on_signal};
	sigemptyset(&act.sa_mask);
	caught_signal = 0;
	caught_stop = 0;
	has_workers = 0;
	sigprocmask(SIG_BLOCK, NULL, &s->mask);
	for (size_t i = 0; i < GUILD_BATCH_SIGNALS; i++) {
		sigaction(batch_signals[i], NULL, &s->before[i]);
		if (s->before[i].sa_handler != SIG_IGN) {
			sigaction(batch_signals[i], &act, NULL);
		}
	}
}

void guild_batch_signals_release(const struct guild_batch_signals *s)
{
	for (size_t i = 0; i < GUILD_BATCH_SIGNALS; i++) {
		sigaction(batch_signals[i], &s->before[i], NULL);
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
