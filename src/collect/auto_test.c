/* Automatic rules, line by line: what is read, and what is left alone. Whole logs are in framework_logs_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "auto.h"

/* "key=value@step " for each scalar. */
static void on_scalar(void *arg, const struct guild_output_scalar *s)
{
	char value[GUILD_F64_MAX];
	guild_f64_repr(s->value, value);
	guild_buf_printf(arg, "%s=%s@%lld ", s->key, value, (long long)s->step);
}

/* What a text gives, fed whole and byte by byte. */
static void check(const char *text, const char *expected)
{
	for (size_t piece = 1; piece <= 100000; piece *= 100000) {
		struct guild_output_scalars *p;
		struct guild_buf seen = {0};
		guild_output_scalars_new(NULL, true, NULL, &p, NULL, NULL);
		for (size_t i = 0, n = strlen(text); i < n; i += piece) {
			struct guild_str bytes = {text + i, n - i < piece ? n - i : piece};
			guild_output_scalars_feed(p, 0, bytes, on_scalar, &seen);
		}
		guild_output_scalars_end(p, on_scalar, &seen);
		if (strcmp(guild_buf_cstr(&seen), expected) != 0) {
			fail_msg("%s\n  gave %s\n  not  %s", text, guild_buf_cstr(&seen), expected);
		}
		guild_buf_fini(&seen);
		guild_output_scalars_free(p);
	}
}

static void test_read(void **state)
{
	static const struct {
		const char *text, *scalars;
	} cases[] = {
		/* Keras */
		{"Epoch 1/3\n12/12 - 1s - loss: 0.31 - val_accuracy: 0.91\n",
			"loss=0.31@1 val_accuracy=0.91@1 "},
		{"Epoch 2/3\n 3/12 [==>....] - ETA: 1s - loss: 9\b\b\r12/12 [====] - 1s 5ms/step - loss: 0.31\n",
			"loss=0.31@2 "},
		/* a bar that is not full, a prediction */
		{"Epoch 1/3\n3/12 - 1s - loss: 0.5\n12/12 \u2501\u2501\u2501 0s 2ms/step\n", ""},
		/* under one header: training, then an evaluation */
		{"Epoch 1/1\n2/2 - 0s - loss: 0.5\n2/2 - 0s - loss: 0.4\n",
			"loss=0.5@1 eval_loss=0.4@1 "},
		/* dictionaries and JSON */
		{"{'loss': 0.31, 'learning_rate': 2e-5, 'epoch': 1.0}",
			"learning_rate=2e-05@1 loss=0.31@1 "},
		{"{'loss': '0.69', 'epoch': '0.5'}", "loss=0.69@0 "},
		{"{\"step\": 3, \"m\": {\"f1\": 1}, \"time\": 123.5, \"ok\": true, \"tags\": [1, {\"loss\": 2}]}",
			"m/f1=1.0@3 "},
		{"{'loss': np.float64(0.25), 'acc': tensor(0.5, device='cpu'), 'name': 'x 1'}",
			"acc=0.5@-1 loss=0.25@-1 "},
		{"epoch 4: {'loss': nan}", "loss=nan@4 "},
		/* tqdm */
		{"Epoch 3: 100%|###| 20/20 [00:01<00:00, 15it/s, v_num=0, train_loss=0.3]\n",
			"train_loss=0.3@3 "},
		{"Epoch 1:  50%|#| 1/2 [00:00<00:00, 1it/s, loss=9]\rEpoch 1: 100%|#| 2/2 [00:00<00:00, 1it/s, loss=1]\n"
		 "Epoch 2:   0%|#| 0/2 [00:00<?, ?it/s]\rEpoch 2: 100%|#| 2/2 [00:00<00:00, 1it/s, loss=2]\n",
			"loss=1.0@1 loss=2.0@2 "},
		{"Loss: 0.25: 100%|#| 2/2 [00:00<00:00,  1.2s/it]\n", "Loss=0.25@1 "},
		{"12it [00:01, 10.00it/s, loss=0.5]\n", "loss=0.5@1 "},
		/* pairs */
		{"step=10 loss=0.3 acc=0.9\nloss=0.2, acc=0.95",
			"acc=0.9@10 loss=0.3@10 acc=0.95@10 loss=0.2@10 "},
		{"[10]\ttrain-logloss:0.31+0.01\teval-logloss:0.4",
			"eval-logloss=0.4@10 train-logloss=0.31@10 "},
		{"[10]\tvalid_0's l2: 0.2\ttraining's auc: 0.9 + 0.1",
			"training_auc=0.9@10 valid_0_l2=0.2@10 "},
		{"10:\tlearn: 0.3\ttest: 0.4\tbest: 0.4 (9)\ttotal: 1.2s\tremaining: 3ms",
			"learn=0.3@10 test=0.4@10 "},
		{"Iteration 1, loss = 2.5\nValidation score: 0.5",
			"loss=2.5@1 Validation_score=0.5@1 "},
		{"Iteration 0, inertia 97.65.", "inertia=97.65@0 "},
		{"Epoch 3/10, Loss: -0.5, Acc: 91.25%, ETA: 0:01:02, 12.5 img/s",
			"Acc=91.25@3 Loss=-0.5@3 "},
		{"Epoch: 3 | loss: inf | acc: 0.5 | time: 3.5s", "acc=0.5@3 loss=inf@3 "},
		{"epoch 001 | loss 3.5 | ppl 9.5 | wps 1000.5 | lr 0.5",
			"loss=3.5@1 lr=0.5@1 ppl=9.5@1 "},
		{"Epoch [1/3], Step [100/600], Loss: 2.5", "Loss=2.5@1 "},
		{"epoch 1 step 100 loss: 2.5", "loss=2.5@100 "},
		{"[Epoch 3] [Batch 10/100] [D loss: 0.5] [G loss: 0.25]",
			"D_loss=0.5@3 G_loss=0.25@3 "},
		{"Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.5", "Loss=2.5@1 "},
		{"Test set: Average loss: 0.5, Accuracy: 9890/10000 (99%)",
			"Accuracy=99.0@-1 Average_loss=0.5@-1 "},
		{"Accuracy of the network on the 10000 test images: 55 %", "Accuracy=55.0@-1 "},
		{"Epoch: [0][  10/50]\tTime  0.5 ( 0.6)\tData  0.1 ( 0.1)\tLoss 6.5e+00 (7.0e+00)\tAcc@1   0.50 (  0.00)",
			"Acc@1=0.5@0 Loss=6.5@0 "},
		{"Epoch 1/2\n-----\ntrain Loss: 0.5 Acc: 0.25\nval Loss: 0.75 Acc: 1",
			"train_Acc=0.25@1 train_Loss=0.5@1 val_Acc=1.0@1 val_Loss=0.75@1 "},
		{"Epoch 1 val: loss 0.5 acc 0.25", "val_acc=0.25@1 val_loss=0.5@1 "},
		{"Loss after iteration 10: 0.5", "Loss=0.5@10 "},
		{"Trial 2 finished with value: 0.5 and parameters: {'x': 0.65}. Best is trial 0 with value: 0.125.",
			"value=0.5@2 "},
		{"Test accuracy is 0.5", "Test_accuracy=0.5@-1 "},
		{"Loss (train): 0.5, R^2 (test) = 0.25", "Loss_train=0.5@-1 R^2_test=0.25@-1 "},
		/* what logging puts before */
		{"2024-01-01 12:00:00,123 - train - INFO - epoch 4 loss 0.5 acc 91%",
			"acc=91.0@4 loss=0.5@4 "},
		{"INFO:root:epoch=5 loss=0.5", "loss=0.5@5 "},
		{"I0101 12:34:56.789012 140 train.py:123] step 7 Loss: 0.5", "Loss=0.5@7 "},
		{"[2024-01-01 12:00:00][INFO] epoch 2 loss: 0.5", "loss=0.5@2 "},
		{"2024-01-01 12:00:00.123 | INFO     | __main__:main:12 - step 3 loss: 0.5",
			"loss=0.5@3 "},
		/* tables and boxes */
		{"epoch  train_loss  accuracy  time\n0      0.5         0.25      00:05\n1      0.25        75%       00:05\n",
			"accuracy=0.25@0 train_loss=0.5@0 accuracy=75.0@1 train_loss=0.25@1 "},
		{"| step | loss |\n|---|---|\n| 100 | 0.5 |\n", "loss=0.5@100 "},
		{"------\n| train/ |  |\n|    loss | 0.5 |\n| time/ | |\n|   fps | 60 |\n|  total_timesteps | 64 |\n------\n",
			"train/loss=0.5@64 "},
		/* steps of a line hold for the lines after it, also for the default patterns */
		{"Epoch 7\nloss: 0.5\n", "loss=0.5@7 "},
		{"\x1b[1mEpoch 2/3\x1b[0m\n\x1b[32mloss=0.5 acc=0.25\x1b[0m\n",
			"acc=0.25@2 loss=0.5@2 "},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		check(cases[i].text, cases[i].scalars);
	}
}

static void test_left_alone(void **state)
{
	static const char *const lines[] = {
		"Namespace(lr=0.1, epochs=3, loss=0.5)",
		"Adam(lr=0.1, loss=3)",
		"optimizer: SGD(lr=0.1), loss scale",
		"{'lr': 0.1, 'batch_size': 32}",
		"amp=False, batch=4, box=7.5, iou=0.7, lr0=0.01",
		"Python 3.11.2 on linux, numpy: 1.26.4",
		"2024-05-01 10:20:30 step done",
		"Epoch 2: val_loss improved from 0.71450 to 0.71278, saving model to /tmp/m-0.5.keras",
		"Epoch 00005: early stopping",
		"Validation score did not improve more than tol=0.000100 for 10 consecutive epochs. Stopping.",
		"Total params: 1234, size (MB): 3.2",
		"Elapsed: 12.3 s, throughput: 1234.5 samples/s, memory: 1.2GB",
		"[Parallel(n_jobs=1)]: Done  10 out of  10 | elapsed:    0.0s finished",
		"Accuracy: 3/10",
		"loss: 1,234",
		"error code: 10.0.0.1",
		"https://example.com/a?b=1&loss=c",
		"accuracy threshold: x",
		"100%|##########| 5/5 [00:01<00:00,  3.21it/s]",
		"   a    b\n0  1  2.5\n1  3  4.5",
		"              precision    recall  f1-score   support\n\n           0       1.00      1.00      1.00        50",
		"Name  Type    Params\n0  l1  Linear  5",
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(lines); i++) {
		check(lines[i], "");
	}
}

/* Patterns are offered for what rules found, and the default patterns kept where they were needed. */
static void test_proposals(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{"Epoch 1/2\n5/5 - 0s - loss: 0.5 - acc: 0.25\nEpoch 2/2\n5/5 - 0s - loss: 0.25 - acc: 0.5\n",
			"    - step: ^Epoch (\\step)/\n    - acc: '\\bacc: (\\value)'\n    - loss: '\\bloss: (\\value)'\n"},
		{"[1]\ta-err:0.5\n[2]\ta-err:1e+5\n",
			"    - a-err: \\ba-err:([-+0-9.eE]+|[-+]?nan|[-+]?inf)\n"},
		{"epoch  loss  acc\n1      0.5   0.25\n2      0.25  0.5\n",
			"    - step: ^\\s*(\\step)(?:/\\d+)?\\s\n"},
		{"loss: 0.5\nstep=1 acc=0.5 f1=0.5\n",
			"    - ^(\\key):\\s+(\\value)(?:\\s+\\(.*\\))?$\n"},
		{"------\n| loss | 0.5 |\n| f1 | 0.5 |\n| epoch | 3 |\n------\n",
			"Only 'output-scalars: auto' finds: f1, loss\n"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf out = {0};
		guild_output_scalars_test(NULL, guild_str(cases[i].text), &out, NULL);
		if (strstr(guild_buf_cstr(&out), cases[i].part) == NULL) {
			fail_msg("%s", guild_buf_cstr(&out));
		}
		guild_buf_fini(&out);
	}
	struct guild_buf out = {0};
	guild_output_scalars_test(NULL, guild_str("loss: 0.5\n"), &out, NULL);
	assert_null(strstr(out.p, "guild.yml"));
	guild_buf_fini(&out);
}

/* Keys equal to a flag are the program's echo of what it was told. */
static void test_flags(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *flags = guild_value_dict(a);
	guild_value_set(a, flags, "lr", guild_value_float(a, 0.1));
	struct guild_output_scalars *p;
	struct guild_buf seen = {0};
	guild_output_scalars_new(guild_value_string(a, "auto"), false, flags, &p, NULL, NULL);
	guild_output_scalars_line(p, guild_str("epoch=1 lr=0.1 loss=0.5"), on_scalar, &seen);
	assert_string_equal(guild_buf_cstr(&seen), "loss=0.5@1 ");
	struct guild_buf report = {0};
	guild_json_dump(&report, guild_output_scalars_report(p, a), GUILD_JSON_COMPACT);
	assert_string_equal(report.p, "{\"pairs\": {\"count\": 1, \"keys\": [\"loss\"]}}");
	guild_buf_fini(&report);
	guild_buf_fini(&seen);
	guild_output_scalars_free(p);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_proposals),
		cmocka_unit_test(test_flags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
