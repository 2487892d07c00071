/* Checkpoints: steps in names, first bytes, files that belong together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "checkpoints.h"
#include "guild/run.h"

static void test_steps(void **state)
{
	static const struct {
		const char *name;
		int64_t step;
	} cases[] = {
		{"model.pt", -1},
		{"epoch=3-step=1200.ckpt", 1200},
		{"model-epoch=03-val_loss=0.32.ckpt", 3},
		{"epoch_12.pth", 12},
		{"ckpt-500", 500},
		{"model.ckpt-1000", 1000},
		{"checkpoint-1500", 1500},
		{"weights.05-0.34.h5", 5},
		{"model_0007.keras", 7},
		{"resnet50.pth", -1},
		{"model-0.95.pt", -1},
		{"model_v2.pt", -1},
		{"12.pt", 12},
		{"iter_2000.pth", 2000},
		{"model-2026-11-21.pt", -1},
		{"model-00001-of-00003.safetensors", -1},
		{"ckpt-7-00001-of-00003.safetensors", 7},
		{"step99999999999999999999.pt", -1},
		{"stepping3.pt", -1},
		{"steps_30.bin", 30},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		if (guild_checkpoint_step(cases[i].name) != cases[i].step) {
			fail_msg("%s: %lld", cases[i].name,
				(long long)guild_checkpoint_step(cases[i].name));
		}
	}
}

static void test_kinds(void **state)
{
	static const struct {
		const char *name, *head;
		size_t n;
		const char *framework;
	} cases[] = {
		{"m.pt", "PK\003\004rest", 8, "pytorch"},
		{"m.pth", "\200\002}q", 4, "pytorch"},
		{"m.ckpt", "text", 4, NULL},
		{"m.pt", "", 0, NULL},
		{"pytorch_model.bin", "PK\003\004", 4, "pytorch"},
		{"data.bin", "PK\003\004", 4, NULL},
		{"m.safetensors", "\20\0\0\0\0\0\0\0{\"a\":1}", 15, "safetensors"},
		{"m.safetensors", "not one of them", 15, NULL},
		{"m.keras", "PK\003\004", 4, "keras"},
		{"m.weights.h5", "\211HDF\r\n\032\n", 8, "keras"},
		{"net.h5", "\211HDF\r\n\032\n....keras_version", 25, "keras"},
		{"dataset.h5", "\211HDF\r\n\032\n....", 12, NULL},
		{"m.onnx", "\010\007\022", 3, "onnx"},
		{"m.json", "{\"learner\":{}}", 14, "xgboost"},
		{"metrics.json", "{\"loss\":1}", 10, NULL},
		{"m.ubj", "{L\0\0\0\0\0\0\0\7learner{", 18, "xgboost"},
		{"m.txt", "tree\nversion=v4\n", 16, "lightgbm"},
		{"notes.txt", "tree of life", 12, NULL},
		{"m.cbm", "CBM1....", 8, "catboost"},
		{"m.pkl", "\200\004\225..sklearn.svm", 16, "sklearn"},
		{"data.pkl", "\200\004\225..numpy", 10, NULL},
		{"m.joblib", "\200\004\225..sklearn.svm", 16, "sklearn"},
		{"m.joblib", "x\234......", 8, "joblib"},
		{"flax_model.msgpack", "\203\245", 2, "flax"},
		{"checkpoint_100", "\203\245", 2, "flax"},
		{"checkpoint_best", "\203\245", 2, NULL},
		{"train.py", "import", 6, NULL},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		const char *found =
			guild_checkpoint_framework(cases[i].name, cases[i].head, cases[i].n);
		if (!guild_streq(found, cases[i].framework)) {
			fail_msg("%s: %s", cases[i].name, found != NULL ? found : "nothing");
		}
		if (found != NULL) {
			assert_true(guild_checkpoint_is_candidate(cases[i].name));
		}
	}
}

static void put(const char *dir, const char *name, const char *content, size_t n)
{
	char *path = guild_path_join(dir, name);
	char *parent = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(parent, NULL), 0);
	assert_int_equal(guild_file_write(path, content, n, false, NULL), 0);
	free(parent);
	free(path);
}

static void test_tree(void **state)
{
	static const struct {
		const char *path, *framework;
		int64_t step, size;
	} expected[] = {
		{"checkpoint-20", "huggingface", 20, 21},
		{"ckpts/model.ckpt-1000", "tensorflow", 1000, 9},
		{"export/1", "tensorflow", 1, 7},
		{"m.pt", "pytorch", -1, 8},
		{"model-00001-of-00002.safetensors", "safetensors", -1, 20},
		{"orbax/200", "orbax", 200, 5},
	};
	char *dir = guild_tmp_dir("guild-run-", NULL);
	struct guild_run run;
	assert_int_equal(guild_run_create(dir, &run, NULL), 0);
	put(dir, "m.pt", "PK\003\004....", 8);
	put(dir, ".guild/attrs/m.pt", "PK\003\004....", 8);
	put(dir, "checkpoint-20/model.safetensors", "\20\0\0\0\0\0\0\0{\"a\":1}", 15);
	put(dir, "checkpoint-20/trainer_state.json", "{\"a\":1}", 6);
	put(dir, "checkpoint-21/notes.md", "x", 1);
	put(dir, "ckpts/checkpoint", "model_checkpoint_path", 21);
	put(dir, "ckpts/model.ckpt-1000.index", "ind", 3);
	put(dir, "ckpts/model.ckpt-1000.data-00000-of-00001", "dataaa", 6);
	put(dir, "ckpts/search.index", "ind", 3);
	put(dir, "export/1/saved_model.pb", "abc", 3);
	put(dir, "export/1/variables/variables.index", "1234", 4);
	put(dir, "model-00001-of-00002.safetensors", "\20\0\0\0\0\0\0\0{}", 10);
	put(dir, "model-00002-of-00002.safetensors", "\20\0\0\0\0\0\0\0{}", 10);
	put(dir, "orbax/200/_CHECKPOINT_METADATA", "{}", 2);
	put(dir, "orbax/200/default/d/abc", "xyz", 3);
	char *link = guild_path_join(dir, "around");
	assert_int_equal(symlink(".", link), 0);
	free(link);
	struct guild_checkpoint *found = NULL;
	size_t n = 0;
	assert_int_equal(guild_run_checkpoints(&run, &found, &n, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		assert_true(i < GUILD_ARRAY_LEN(expected));
		assert_string_equal(found[i].path, expected[i].path);
		assert_string_equal(found[i].framework, expected[i].framework);
		assert_int_equal(found[i].step, expected[i].step);
		assert_int_equal(found[i].size_bytes, expected[i].size);
		assert_true(found[i].mtime_us > 0);
	}
	assert_int_equal(n, GUILD_ARRAY_LEN(expected));
	guild_checkpoints_free(found, n);
	guild_rmtree(dir, NULL);
	struct guild_error err = {0};
	assert_int_equal(guild_run_checkpoints(&run, &found, &n, &err), GUILD_ENOTFOUND);
	guild_run_fini(&run);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
