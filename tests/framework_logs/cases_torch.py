"""PyTorch and what is built on it."""

import logging
import sys

from generate import case


def data(n=64):
    import torch

    torch.manual_seed(0)
    x = torch.rand(n, 4)
    return x, (x.sum(1) > 2).long()


def batches(n=64, size=8):
    import torch

    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data(n)), size)


def lightning_run(truth, bar, validate=True, test=False):
    import torch
    import lightning
    from lightning.pytorch.callbacks import Callback

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)

    class Model(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)

        def loss(self, batch):
            return torch.nn.functional.cross_entropy(self.layer(batch[0]), batch[1])

        def training_step(self, batch, _):
            loss = self.loss(batch)
            self.log("train_loss", loss, prog_bar=True, on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch, _):
            self.log("val_loss", self.loss(batch), prog_bar=True)

        def test_step(self, batch, _):
            self.log("test_loss", self.loss(batch))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    class Record(Callback):
        def on_train_epoch_end(self, trainer, _):
            for key, value in trainer.callback_metrics.items():
                truth.add(key, trainer.current_epoch, value)

    trainer = lightning.Trainer(max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False,
                                enable_model_summary=True, callbacks=[bar, Record()], log_every_n_steps=1)
    torch.manual_seed(0)
    model = Model()
    trainer.fit(model, batches(), batches() if validate else None)
    if test:
        for key, value in trainer.test(model, batches())[0].items():
            truth.add(key, 2, value)


@case(["torch", "lightning"])
def lightning_bars(truth):
    from lightning.pytorch.callbacks import TQDMProgressBar

    lightning_run(truth, TQDMProgressBar(refresh_rate=2))


@case(["torch", "lightning"], on_tty=True)
def lightning_bars_tty(truth):
    from lightning.pytorch.callbacks import TQDMProgressBar

    lightning_run(truth, TQDMProgressBar(refresh_rate=2))


@case(["torch", "lightning"])
def lightning_train_only(truth):
    from lightning.pytorch.callbacks import TQDMProgressBar

    lightning_run(truth, TQDMProgressBar(), validate=False)


@case(["torch", "lightning"])
def lightning_test(truth):
    from lightning.pytorch.callbacks import TQDMProgressBar

    lightning_run(truth, TQDMProgressBar(), test=True)


@case(["torch", "lightning", "rich"], on_tty=True)
def lightning_rich_tty(truth):
    from lightning.pytorch.callbacks import RichProgressBar

    lightning_run(truth, RichProgressBar())


def trainer_run(truth, **options):
    import torch
    import transformers

    class Rows(torch.utils.data.Dataset):
        def __len__(self):
            return 32

        def __getitem__(self, i):
            return {"input_ids": torch.arange(8) + i % 4, "attention_mask": torch.ones(8, dtype=torch.long),
                    "labels": torch.tensor(i % 2)}

    transformers.set_seed(0)
    config = transformers.BertConfig(vocab_size=50, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
                                     intermediate_size=8, max_position_embeddings=16)
    arguments = transformers.TrainingArguments("out", num_train_epochs=3, per_device_train_batch_size=8,
                                               report_to=[], save_strategy="no", use_cpu=True, **options)
    trainer = transformers.Trainer(transformers.BertForSequenceClassification(config), arguments,
                                   train_dataset=Rows(), eval_dataset=Rows())
    trainer.train()
    for entry in trainer.state.log_history:
        for key, value in entry.items():
            # Not printed: the step; printed on no line of its own: the operations.
            if key not in ("step", "epoch", "total_flos"):
                truth.add(key, int(entry["epoch"]), value)


@case(["torch", "transformers", "accelerate"])
def transformers_trainer(truth):
    trainer_run(truth, logging_strategy="epoch", eval_strategy="epoch")


@case(["torch", "transformers", "accelerate"])
def transformers_trainer_steps(truth):
    trainer_run(truth, logging_steps=2, disable_tqdm=True)


@case(["torch", "transformers", "accelerate"], on_tty=True)
def transformers_trainer_tty(truth):
    trainer_run(truth, logging_steps=4, eval_strategy="epoch")


@case(["torch", "skorch"])
def skorch_table(truth):
    import torch
    from skorch import NeuralNetClassifier
    from skorch.callbacks import EpochScoring

    x, y = data(60)
    torch.manual_seed(0)
    net = NeuralNetClassifier(torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.Softmax(-1)), max_epochs=5, lr=0.1,
                              callbacks=[EpochScoring("f1", name="valid_f1")])
    net.fit(x.numpy(), y.numpy())
    for row in net.history:
        for key in ("train_loss", "valid_loss", "valid_acc", "valid_f1"):
            truth.add(key, row["epoch"], row[key])


@case(["torch", "fastai"])
def fastai_table(truth):
    import numpy
    import pandas
    from fastai.tabular.all import CategoryBlock, Normalize, TabularDataLoaders, accuracy, tabular_learner

    random = numpy.random.default_rng(0)
    frame = pandas.DataFrame(random.random((100, 3)), columns=list("abc"))
    frame["y"] = (frame.a > 0.5).astype(int)
    loaders = TabularDataLoaders.from_df(frame, y_names="y", cont_names=list("abc"), procs=[Normalize],
                                         y_block=CategoryBlock(), bs=16)
    learner = tabular_learner(loaders, layers=[8], metrics=accuracy)
    learner.fit(4)
    for epoch, row in enumerate(learner.recorder.values):
        for key, value in zip(("train_loss", "valid_loss", "accuracy"), row):
            truth.add(key, epoch, value)


@case(["torch", "ignite"])
def ignite_prints(truth):
    import torch
    from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
    from ignite.handlers import ProgressBar
    from ignite.metrics import Accuracy, Loss, RunningAverage

    torch.manual_seed(0)
    model = torch.nn.Linear(4, 2)
    trainer = create_supervised_trainer(model, torch.optim.SGD(model.parameters(), 0.1), torch.nn.CrossEntropyLoss())
    RunningAverage(output_transform=lambda value: value).attach(trainer, "loss")
    ProgressBar().attach(trainer, ["loss"])
    metrics = {"accuracy": Accuracy(), "nll": Loss(torch.nn.CrossEntropyLoss())}
    evaluator = create_supervised_evaluator(model, metrics=metrics)

    @trainer.on(Events.EPOCH_COMPLETED)
    def evaluate(engine):
        evaluator.run(batches())
        now = evaluator.state.metrics
        print(f"Validation Results - Epoch: {engine.state.epoch}  Avg accuracy: {now['accuracy']:.2f} "
              f"Avg loss: {now['nll']:.2f}")
        truth.add("Avg_accuracy", engine.state.epoch, now["accuracy"])
        truth.add("Avg_loss", engine.state.epoch, now["nll"])

    trainer.run(batches(), max_epochs=3)


@case(["stable_baselines3"])
def stable_baselines_boxes(truth):
    from stable_baselines3 import PPO
    from stable_baselines3.common.logger import HumanOutputFormat, KVWriter, Logger

    class Record(KVWriter):
        def write(self, key_values, key_excluded, step=0):
            for key, value in key_values.items():
                section = key.split("/")[0]
                if section != "time":
                    truth.add(key, step, value)

        def close(self):
            pass

    model = PPO("MlpPolicy", "CartPole-v1", n_steps=64, batch_size=32, device="cpu", seed=0)
    model.set_logger(Logger(None, [HumanOutputFormat(sys.stdout), Record()]))
    model.learn(190)


@case(["optuna"])
def optuna_trials(truth):
    import optuna

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: (trial.suggest_float("x", -1, 1) - 0.3) ** 2, n_trials=6)
    for trial in study.trials:
        truth.add("value", trial.number, trial.value)


@case(["ultralytics"])
def ultralytics_train(truth):
    import pathlib

    import numpy
    from PIL import Image
    from ultralytics import YOLO

    random = numpy.random.default_rng(0)
    for part in ("train", "val"):
        for kind in ("images", "labels"):
            pathlib.Path("set", kind, part).mkdir(parents=True)
        for i in range(4):
            Image.fromarray(random.integers(0, 255, (64, 64, 3), numpy.uint8)).save(f"set/images/{part}/{i}.jpg")
            pathlib.Path(f"set/labels/{part}/{i}.txt").write_text("0 0.5 0.5 0.4 0.4\n")
    folder = pathlib.Path("set").resolve()
    pathlib.Path("set.yaml").write_text(f"path: {folder}\ntrain: images/train\nval: images/val\nnames: {{0: thing}}\n")
    model = YOLO("yolov8n.yaml")

    def record(trainer):
        for name, value in trainer.label_loss_items(trainer.tloss, prefix="train").items():
            truth.add(name.split("/")[1], trainer.epoch + 1, value)

    model.add_callback("on_train_epoch_end", record)
    model.train(data="set.yaml", epochs=2, imgsz=64, batch=4, workers=0, device="cpu", plots=False, amp=False)
    for key in ("P", "R", "mAP50", "mAP50-95"):
        for step in (1, 2):
            truth.allow(key, step, 0.0)


@case(["torch"])
def torch_mnist_example(truth):
    """The prints of the MNIST program in pytorch/examples."""
    import torch

    torch.manual_seed(0)
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    loader = batches(96, 8)
    for epoch in range(1, 4):
        for i, (x, y) in enumerate(loader):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            if i % 4 == 0:
                print("Train Epoch: {} [{}/{} ({:.0f}%)]\tLoss: {:.6f}".format(
                    epoch, i * len(x), len(loader.dataset), 100.0 * i / len(loader), loss.item()))
                truth.add("Loss", epoch, loss.item())
        x, y = data(96)
        loss = torch.nn.functional.cross_entropy(model(x), y).item()
        correct = (model(x).argmax(1) == y).sum().item()
        print("\nTest set: Average loss: {:.4f}, Accuracy: {}/{} ({:.0f}%)\n".format(
            loss, correct, len(y), 100.0 * correct / len(y)))
        truth.add("Average_loss", epoch, loss)
        truth.add("Accuracy", epoch, 100.0 * correct / len(y))


@case(["torch"])
def torch_imagenet_example(truth):
    """The meters of the ImageNet program in pytorch/examples."""
    import torch

    torch.manual_seed(0)
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    for epoch in range(2):
        total = n = 0
        for i, (x, y) in enumerate(batches(64, 8)):
            out = model(x)
            loss = torch.nn.functional.cross_entropy(out, y)
            accuracy = 100.0 * (out.argmax(1) == y).float().mean().item()
            total, n = total + loss.item(), n + 1
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if i % 4 == 0:
                print(f"Epoch: [{epoch}][{i + 1:3d}/  8]\tTime {0.012:6.3f} ({0.015:6.3f})\t"
                      f"Data {0.001:6.3f} ({0.002:6.3f})\tLoss {loss.item():.4e} ({total / n:.4e})\t"
                      f"Acc@1 {accuracy:6.2f} ({accuracy:6.2f})")
                truth.add("Loss", epoch, loss.item())
                truth.add("Acc@1", epoch, accuracy)
        print(f" * Acc@1 {accuracy:.3f} Acc@5 {100.0:.3f}")
        truth.allow("Acc@1", epoch, accuracy)
        truth.allow("Acc@5", epoch, 100.0)
