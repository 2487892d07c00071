/* Whole numbers of any size as decimal text: all that reading and writing them again needs. */

#include "formats_private.h"

enum {
	MAX_DIGITS = 4300, /* what Python converts by default */
	LIMB_DIGITS = 9,
	LIMB = 1000000000,
	MAX_LIMBS = MAX_DIGITS / LIMB_DIGITS + 2,
};

/* Base 10^9, least significant first. */
struct bigint {
	uint32_t limbs[MAX_LIMBS];
	size_t n;
};

/* x = x * factor + add; false when it grows past the limit. */
static bool multiply_add(struct bigint *x, uint32_t factor, uint32_t add)
{
	uint64_t carry = add;
	for (size_t i = 0; i < x->n; i++) {
		uint64_t sum = (uint64_t)x->limbs[i] * factor + carry;
		x->limbs[i] = (uint32_t)(sum % LIMB);
		carry = sum / LIMB;
	}
	if (carry) {
		if (x->n == MAX_LIMBS) {
			return false;
		}
		x->limbs[x->n++] = (uint32_t)carry;
	}
	return true;
}

static char *to_decimal(struct guild_arena *a, const struct bigint *x)
{
	if (x->n == 0) {
		return guild_arena_strdup(a, "0");
	}
	struct guild_buf out = {0};
	guild_buf_printf(&out, "%u", x->limbs[x->n - 1]);
	for (size_t i = x->n - 1; i > 0; i--) {
		guild_buf_printf(&out, "%09u", x->limbs[i - 1]);
	}
	char *text = out.n <= MAX_DIGITS ? guild_arena_strndup(a, out.p, out.n) : NULL;
	guild_buf_fini(&out);
	return text;
}

static uint32_t digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return (uint32_t)(c - '0');
	}
	return (uint32_t)((c | 0x20) - 'a') + 10;
}

char *guild_bigint_decimal(struct guild_arena *a, const char *digits, size_t n, unsigned base)
{
	if (n == 0 || (base == 10 && n > MAX_DIGITS)) {
		return NULL;
	}
	struct bigint x = {.n = 0};
	for (size_t i = 0; i < n; i++) {
		if (!multiply_add(&x, base, digit_value(digits[i]))) {
			return NULL;
		}
	}
	return to_decimal(a, &x);
}

char *guild_bigint_sexagesimal(struct guild_arena *a, const char *groups, size_t n)
{
	struct bigint x = {.n = 0};
	size_t i = 0;
	/* Only the first group can be long; it starts with 1..9, the others have one or two digits. */
	while (i < n && groups[i] != ':') {
		if (!multiply_add(&x, 10, digit_value(groups[i++]))) {
			return NULL;
		}
	}
	while (i < n) {
		uint32_t group = 0;
		for (i++; i < n && groups[i] != ':'; i++) {
			group = group * 10 + digit_value(groups[i]);
		}
		if (!multiply_add(&x, 60, group)) {
			return NULL;
		}
	}
	return to_decimal(a, &x);
}
