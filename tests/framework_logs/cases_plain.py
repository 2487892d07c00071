"""Loops as people write them: tqdm, logging, JSON lines, tables, plain prints."""

import json
import logging
import math
import sys

from generate import case


def losses(n):
    """Something that learns: gradient descent on a parabola."""
    w = 0.0
    for i in range(n):
        yield i, (w - 3) ** 2, 1 / (1 + (w - 3) ** 2)
        w -= 0.2 * (w - 3)


@case(["tqdm"])
def tqdm_epochs(truth):
    from tqdm import tqdm

    for epoch in range(1, 4):
        with tqdm(range(30), desc=f"Epoch {epoch}/3", file=sys.stderr, mininterval=0) as bar:
            for i, loss, acc in losses(30):
                bar.set_postfix(loss=loss, acc=f"{acc:.1%}")
                bar.update()
        truth.add("loss", epoch, loss)
        truth.add("acc", epoch, 100 * acc)


@case(["tqdm"], on_tty=True)
def tqdm_nested_tty(truth):
    from tqdm import trange

    for epoch in trange(3, desc="Epochs"):
        with trange(20, desc=f"epoch {epoch}", mininterval=0) as bar:
            for _, loss, _ in losses(20):
                bar.set_postfix_str(f"loss={loss:.4f}", refresh=False)
                bar.update()
        truth.add("loss", epoch, loss)


@case(["tqdm"])
def tqdm_description(truth):
    from tqdm import tqdm

    for epoch in range(3):
        bar = tqdm(list(losses(15)), ncols=100)
        for i, loss, acc in bar:
            bar.set_description(f"[{epoch + 1}/3] Train loss: {loss:.4f} lr: {0.1:.3g}")
        truth.add("Train_loss", epoch + 1, loss)
        truth.add("lr", epoch + 1, 0.1)
        tqdm.write(f"Epoch {epoch + 1}: val_loss = {loss / 2:.5f}, val_acc = {acc:.3f}")
        truth.add("val_loss", epoch + 1, loss / 2)
        truth.add("val_acc", epoch + 1, acc)


@case(["rich"])
def rich_table(truth):
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Results")
    for name in ("epoch", "train loss", "val acc", "time"):
        table.add_column(name)
    for epoch, loss, acc in losses(5):
        table.add_row(str(epoch), f"{loss:.4f}", f"{acc:.2%}", "0.2s")
        truth.add("train_loss", epoch, loss)
        truth.add("val_acc", epoch, 100 * acc)
    Console(width=100).print(table)


@case([])
def logging_module(truth):
    logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
    log = logging.getLogger("train")
    log.info("Starting with seed 42 on port 6006, batch size 32")
    for epoch, loss, acc in losses(6):
        log.info("epoch %d/6 - loss %.4f - accuracy %.2f%%", epoch + 1, loss, 100 * acc)
        truth.add("loss", epoch + 1, loss)
        truth.add("accuracy", epoch + 1, 100 * acc)
        log.warning("checkpoint 'model-%d.pt' took 0.12 seconds, size: 12 MB", epoch)


@case([])
def logging_default(truth):
    logging.basicConfig(level=logging.INFO)
    for step, loss, acc in losses(50):
        if step % 10 == 0:
            logging.info("step=%d loss=%.5g lr=%.1e time=0.3s", step, loss, 1e-3)
            truth.add("loss", step, loss)
            truth.add("lr", step, 1e-3)


@case([])
def json_lines(truth):
    print(json.dumps({"event": "config", "batch_size": 32, "layers": [64, 64], "version": "1.2.3"}))
    for step, loss, acc in losses(8):
        print(json.dumps({"level": "info", "ts": 1700000000.5 + step, "step": step,
                          "metrics": {"loss": loss, "acc": acc}, "note": None}))
        truth.add("metrics/loss", step, loss)
        truth.add("metrics/acc", step, acc)


@case([])
def aligned_table(truth):
    print("%8s %12s %12s %10s %9s" % ("Epoch", "Train loss", "Val loss", "Accuracy", "Time"))
    print("-" * 55)
    for epoch, loss, acc in losses(10):
        print("%8d %12.4f %12.4f %9.2f%% %8.1fs" % (epoch, loss, loss / 2, 100 * acc, 1.25))
        truth.add("Train_loss", epoch, loss)
        truth.add("Val_loss", epoch, loss / 2)
        truth.add("Accuracy", epoch, 100 * acc)


@case([])
def markdown_table(truth):
    print("| step | loss | ppl |\n|-----:|-----:|----:|")
    for step, loss, _ in losses(6):
        print(f"| {step * 100} | {loss:.3f} | {math.exp(min(loss, 5)):.2f} |")
        truth.add("loss", step * 100, loss)
        truth.add("ppl", step * 100, math.exp(min(loss, 5)))


@case([])
def plain_sentences(truth):
    print("Python 3.11.2, numpy 1.26.4, started 2024-05-01 10:20:30")
    print("Namespace(lr=0.1, epochs=5, hidden=128)")
    print("Using 2 workers, batch size: 32, learning rate: 0.1")
    print("train: 54000 samples, val: 6000 samples, input shape: (28, 28, 1)")
    for epoch, loss, acc in losses(5):
        print(f"Epoch {epoch + 1}/5, Loss: {loss:.4f}, Acc: {100 * acc:.1f}%, ETA: 0:01:30, 123.4 img/s")
        truth.add("Loss", epoch + 1, loss)
        truth.add("Acc", epoch + 1, 100 * acc)
    print(f"Best accuracy: {acc:.4f} (epoch 5)")
    truth.add("Best_accuracy", 5, acc)
    print("Done in 12.5 seconds, saved to /tmp/model-1.0.pt (3.2 MB)")


@case([])
def header_then_lines(truth):
    for epoch, loss, acc in losses(4):
        print(f"Epoch {epoch}/3\n----------")
        for phase in ("train", "val"):
            print(f"{phase} Loss: {loss:.4f} Acc: {acc:.4f}")
            truth.add(f"{phase}_Loss", epoch, loss)
            truth.add(f"{phase}_Acc", epoch, acc)
        print()
    print("Training complete in 0m 3s")
    print(f"Best val Acc: {acc:4f}")
    truth.add("Best_val_Acc", 3, acc)


@case([])
def iteration_lines(truth):
    """In the manner of nanoGPT."""
    print("tokens per iteration will be: 16,384\nnumber of parameters: 10.65M")
    for i, loss, _ in losses(30):
        if i % 10 == 0:
            print(f"step {i}: train loss {loss:.4f}, val loss {loss * 1.1:.4f}")
            truth.add("train_loss", i, loss)
            truth.add("val_loss", i, loss * 1.1)
        print(f"iter {i}: loss {loss:.4f}, time {12.345:.2f}ms, mfu {3.25:.2f}%")
        truth.add("loss", i, loss)
        truth.add("mfu", i, 3.25)


@case([])
def gan_lines(truth):
    for epoch in range(2):
        for i, loss, score in losses(3):
            print(f"[Epoch {epoch}/2] [Batch {i}/3] [D loss: {loss:f}] [G loss: {score:f}]")
            truth.add("D_loss", epoch, loss)
            truth.add("G_loss", epoch, score)


@case([])
def two_counters(truth):
    for epoch in range(2):
        for i, loss, _ in losses(3):
            print(f"Epoch [{epoch + 1}/2], Step [{i + 1}/3], Loss: {loss:.4f}")
            truth.add("Loss", epoch + 1, loss)


@case([])
def nothing_to_find(truth):
    """Numbers everywhere, scalars nowhere."""
    print("""2024-05-01 10:20:30,123 INFO server: listening on 127.0.0.1:8080
Collecting numpy==1.26.4
  Downloading numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl (18.3 MB)
     |################################| 18.3 MB 5.2 MB/s
GPU 0: Tesla V100-SXM2-16GB (UUID: GPU-1234), driver version: 535.54.03, CUDA Version: 12.2
| N/A   34C    P0    39W / 300W |      0MiB / 16384MiB |      0%      Default |
model size: 12.3 MB, params: 1234567, layers: 12, heads: 8
tensor([[0.1234, 0.5678],
        [0.9101, 0.1121]])
[[1 2 3]
 [4 5 6]]
   a    b
0  1  2.5
1  3  4.5
Linear(in_features=10, out_features=5, bias=True)
{'lr': 0.1, 'batch_size': 32, 'hidden': [64, 64]}
real 0m1.234s
user 0m0.987s
Elapsed: 12.3 s, throughput: 1234.5 samples/s, memory: 1.2GB
[1/3] Building object
100%|##########| 5/5 [00:01<00:00,  3.21it/s]
done: 100%
ratio 3:4 at 16:9, version v1.2.3, port: 8080, pid=1234
def f(x=1, y=2.5): return x
Traceback (most recent call last):
  File "train.py", line 12, in <module>
ValueError: expected 3 values, got 4
https://example.com/a?b=1&c=2.5
C:\\temp\\file.txt: 3 matches
std::vector<int> v = {1, 2, 3};
10:20:30.123456 IP 10.0.0.1.22 > 10.0.0.2.55555: Flags [P.], seq 1:37, ack 1, win 501""")
