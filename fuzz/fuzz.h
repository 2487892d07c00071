/* What libFuzzer calls; every target includes this and defines it. */
#ifndef GUILD_FUZZ_H
#define GUILD_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
