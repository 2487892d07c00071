/*
 * Random numbers from a seed, equal to Python's where it says so, so that a seed chooses the same trials as it did under Guild AI
 * 0.9.0. Generator: M. Matsumoto, T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998).
 */

#include <math.h>
#include <stdlib.h>

#include <guild/base.h>

enum { N = 624, M = 397 };

void guild_mt19937_seed_32(struct guild_mt19937 *mt, uint32_t seed)
{
	mt->state[0] = seed;
	for (uint32_t i = 1; i < N; i++) {
		uint32_t prev = mt->state[i - 1];
		mt->state[i] = 1812433253U * (prev ^ (prev >> 30)) + i;
	}
	mt->at = N;
}

static void init_by_array(struct guild_mt19937 *mt, const uint32_t *key, size_t n_key)
{
	uint32_t *s = mt->state;
	guild_mt19937_seed_32(mt, 19650218U);
	size_t i = 1;
	size_t j = 0;
	for (size_t k = n_key > N ? n_key : N; k > 0; k--) {
		s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1664525U)) + key[j] + (uint32_t)j;
		if (++i >= N) {
			s[0] = s[N - 1];
			i = 1;
		}
		j = j + 1 >= n_key ? 0 : j + 1;
	}
	for (size_t k = N - 1; k > 0; k--) {
		s[i] = (s[i] ^ ((s[i - 1] ^ (s[i - 1] >> 30)) * 1566083941U)) - (uint32_t)i;
		if (++i >= N) {
			s[0] = s[N - 1];
			i = 1;
		}
	}
	s[0] = 0x80000000U;
}

void guild_mt19937_seed(struct guild_mt19937 *mt, uint64_t seed)
{
	uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
	init_by_array(mt, key, key[1] ? 2 : 1);
}

void guild_mt19937_seed_2(struct guild_mt19937 *mt, uint64_t seed, uint64_t stream)
{
	uint32_t key[4] = {
		(uint32_t)seed, (uint32_t)(seed >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
	init_by_array(mt, key, 4);
}

uint32_t guild_mt19937_next(struct guild_mt19937 *mt)
{
	uint32_t *s = mt->state;
	if (mt->at == N) {
		for (size_t i = 0; i < N; i++) {
			uint32_t y = (s[i] & 0x80000000U) | (s[(i + 1) % N] & 0x7fffffffU);
			s[i] = s[(i + M) % N] ^ (y >> 1) ^ ((y & 1) ? 0x9908b0dfU : 0);
		}
		mt->at = 0;
	}
	uint32_t y = s[mt->at++];
	y ^= y >> 11;
	y ^= (y << 7) & 0x9d2c5680U;
	y ^= (y << 15) & 0xefc60000U;
	return y ^ (y >> 18);
}

double guild_mt19937_unit(struct guild_mt19937 *mt)
{
	uint32_t a = guild_mt19937_next(mt) >> 5;
	uint32_t b = guild_mt19937_next(mt) >> 6;
	return ((double)a * 0x1p26 + (double)b) * 0x1p-53;
}

/* G. Marsaglia, T. A. Bray, "A convenient method for generating normal variables", SIAM Review 6 (1964); the second one of each
 * pair is not kept, so that a state is the generator's alone. */
double guild_mt19937_normal(struct guild_mt19937 *mt)
{
	double u;
	double s;
	do {
		double v = 2.0 * guild_mt19937_unit(mt) - 1.0;
		u = 2.0 * guild_mt19937_unit(mt) - 1.0;
		s = u * u + v * v;
	} while (s >= 1.0 || s == 0.0);
	return u * sqrt(-2.0 * log(s) / s);
}

/* The top bits of one output, drawn again until it fits. */
uint32_t guild_mt19937_below(struct guild_mt19937 *mt, uint32_t m)
{
	int bits = 32 - __builtin_clz(m);
	uint32_t r;
	do {
		r = guild_mt19937_next(mt) >> (32 - bits);
	} while (r >= m);
	return r;
}

/* Python keeps a list of what is left for small sets, a set of what was taken for large ones; the draws differ. */
static bool uses_pool(uint32_t n, uint32_t k)
{
	uint64_t set_size = 21;
	if (k > 5) {
		/* 4 ** ceil(log4(3k)); 3k is never a power of four itself, so no rounding is at stake */
		uint64_t power = 1;
		while (power < (uint64_t)k * 3) {
			power *= 4;
		}
		set_size += power;
	}
	return n <= set_size;
}

void guild_mt19937_sample(struct guild_mt19937 *mt, uint32_t n, uint32_t k, uint32_t *out)
{
	guild_assert(k <= n);
	if (uses_pool(n, k)) {
		uint32_t *pool = guild_alloc((size_t)n * sizeof(*pool) + 1);
		for (uint32_t i = 0; i < n; i++) {
			pool[i] = i;
		}
		for (uint32_t i = 0; i < k; i++) {
			uint32_t j = guild_mt19937_below(mt, n - i);
			out[i] = pool[j];
			pool[j] = pool[n - i - 1];
		}
		free(pool);
		return;
	}
	bool *taken = guild_alloc(n);
	for (uint32_t i = 0; i < k; i++) {
		do {
			out[i] = guild_mt19937_below(mt, n);
		} while (taken[out[i]]);
		taken[out[i]] = true;
	}
	free(taken);
}
