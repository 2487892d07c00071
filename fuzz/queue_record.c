/* Records of claims and leases: what is one is written so that it reads back the same. */
#include "fuzz.h"

#include <guild/sched.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_buf once = {0};
	struct guild_buf twice = {0};
	if (guild_queue_record_check(guild_str_n((const char *)data, size), &once)) {
		guild_assert(guild_queue_record_check(guild_buf_str(&once), &twice));
		guild_assert(guild_str_eq(guild_buf_str(&once), guild_buf_str(&twice)));
	}
	char *text = guild_strndup((const char *)data, size);
	guild_assert(guild_process_find(text, NULL, NULL) != GUILD_PROCESS_MAYBE);
	struct guild_gpu_memory gpus[4];
	guild_assert(guild_gpus_parse(guild_str_n((const char *)data, size), gpus, 4) <= 4);
	free(text);
	guild_buf_fini(&once);
	guild_buf_fini(&twice);
	return 0;
}
