/* Work over a range of numbers, done by several threads. */

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "guild/base.h"

enum { THREADS_MAX = 16, BLOCKS_PER_THREAD = 8 };

struct work {
	guild_parallel_fn *fn;
	void *arg;
	size_t n, block;
	atomic_size_t next;
	atomic_uint n_threads;
};

static void *take_blocks(void *arg)
{
	struct work *w = arg;
	unsigned thread = atomic_fetch_add(&w->n_threads, 1);
	for (;;) {
		size_t from = atomic_fetch_add(&w->next, w->block);
		if (from >= w->n) {
			return NULL;
		}
		size_t to = w->n - from < w->block ? w->n : from + w->block;
		w->fn(w->arg, thread, from, to);
	}
}

unsigned guild_parallel_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

void guild_parallel(size_t n, size_t worth, guild_parallel_fn *fn, void *arg)
{
	unsigned n_threads = guild_parallel_threads();
	size_t n_useful = worth > 0 ? n / worth : n;
	if (n_useful < n_threads) {
		n_threads = n_useful > 1 ? (unsigned)n_useful : 1;
	}
	if (n_threads < 2) {
		if (n > 0) {
			fn(arg, 0, 0, n);
		}
		return;
	}
	struct work w = {
		.fn = fn,
		.arg = arg,
		.n = n,
		.block = n / (n_threads * BLOCKS_PER_THREAD) + 1,
	};
	pthread_t threads[THREADS_MAX];
	unsigned n_started = 0;
	/* This thread works, too; where the system gives no other it does everything. */
	while (n_started + 1 < n_threads &&
		pthread_create(&threads[n_started], NULL, take_blocks, &w) == 0) {
		n_started++;
	}
	take_blocks(&w);
	for (unsigned i = 0; i < n_started; i++) {
		pthread_join(threads[i], NULL);
	}
}
