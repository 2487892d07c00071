/* Against the definition, bit by bit, and the vectors of RFC 3720 B.4. */
#include <guild/formats.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint32_t by_definition(const unsigned char *p, size_t n)
{
	uint32_t crc = 0xffffffff;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78U : 0);
		}
	}
	return ~crc;
}

static void test_vectors(void **state)
{
	unsigned char bytes[32];
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(guild_crc32c(0, bytes, sizeof(bytes)), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(guild_crc32c(0, bytes, sizeof(bytes)), 0x62a8ab43);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (unsigned char)i;
	}
	assert_int_equal(guild_crc32c(0, bytes, sizeof(bytes)), 0x46dd794e);
	assert_int_equal(guild_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(guild_crc32c(0, NULL, 0), 0);
}

/* Every length near the borders of the interleaved streams, at every alignment. */
static void test_lengths(void **state)
{
	static const size_t lengths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 383, 384, 385, 391,
		767, 768, 769, 3071, 3072, 3073, 3456, 3457, 6143, 6144, 6528, 9999};
	unsigned char *bytes = malloc(10100);
	uint32_t seed = 1;
	for (size_t i = 0; i < 10100; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(seed >> 24);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(lengths); i++) {
		for (size_t at = 0; at < 9; at++) {
			uint32_t crc = by_definition(bytes + at, lengths[i]);
			assert_int_equal(guild_crc32c(0, bytes + at, lengths[i]), crc);
			size_t half = lengths[i] / 3;
			uint32_t parts = guild_crc32c(0, bytes + at, half);
			parts = guild_crc32c(parts, bytes + at + half, lengths[i] - half);
			assert_int_equal(parts, crc);
		}
	}
	free(bytes);
}

static void test_masked(void **state)
{
	/* The length field of the spec's golden record. */
	assert_int_equal(guild_crc32c_masked("\x0f\0\0\0\0\0\0\0", 8), 0x092b536d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_masked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
