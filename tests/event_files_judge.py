"""Runs in the environment of the oracle: TensorBoard's and tensorboardX's own writers and readers.

event_files_judge.py write DIR     files by every writer there is
event_files_judge.py read FILE     what TensorBoard reads, as tests/event_files.c prints it
"""

import pathlib
import random
import sys

import numpy
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util


def tensor(values, dtype, shape, packed):
    proto = tensor_pb2.TensorProto(dtype=dtype)
    proto.tensor_shape.CopyFrom(tensor_shape_pb2.TensorShapeProto(
        dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=n) for n in shape]))
    if packed:
        proto.tensor_content = numpy.array(values, {1: "<f4", 2: "<f8", 3: "<i4"}[dtype]).tobytes()
    elif dtype == 1:
        proto.float_val.extend(values)
    elif dtype == 2:
        proto.double_val.extend(values)
    else:
        proto.int_val.extend(values)
    return proto


def random_value(rng):
    value = summary_pb2.Summary.Value(tag=rng.choice(["loss", "train/acc", "ü", "a b", "x" * 300]))
    number = rng.choice([0.0, -1.5, 0.1, 1e30, float("inf"), float("nan"), rng.random()])
    kind = rng.randrange(8)
    if kind < 3:
        value.simple_value = number
    elif kind < 6:
        dtype = rng.choice([1, 2])
        value.tensor.CopyFrom(tensor([number], dtype, rng.choice([[], [1], [1, 1]]), rng.random() < 0.5))
    elif kind == 6:
        value.tensor.CopyFrom(tensor([1, 2], rng.choice([1, 2, 3]), [2], rng.random() < 0.5))
    else:
        value.image.CopyFrom(summary_pb2.Summary.Image(height=1, width=1, encoded_image_string=b"png"))
    if rng.random() < 0.3:
        value.metadata.plugin_data.plugin_name = "scalars"
    return value


def write(folder):
    rng = random.Random(3)
    writer = EventFileWriter(str(folder / "tensorboard"))
    for _ in range(400):
        event = event_pb2.Event(wall_time=rng.choice([0.0, 1.7e9 + rng.random()]))
        if rng.random() < 0.8:
            event.step = rng.choice([0, 1, 127, 128, 2**40, rng.randrange(1000)])
        if rng.random() < 0.95:
            event.summary.value.extend(random_value(rng) for _ in range(rng.randrange(4)))
        writer.add_event(event)
    writer.close()
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(str(folder / "tensorboardX"))
    for step in range(50):
        writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_scalars("pair", {"a": step, "b": -step}, step)
    writer.add_histogram("weights", numpy.arange(10), 3)
    writer.add_text("note", "text", 1)
    writer.add_image("image", numpy.zeros((3, 4, 4), dtype=numpy.uint8), 1)
    writer.close()


def number_of(value):
    """The scalar of a Summary.Value as the format's description has it, or None."""
    if value.HasField("tensor"):
        if value.tensor.dtype not in (1, 2):
            return None
        array = tensor_util.make_ndarray(value.tensor)
        return float(array.reshape(-1)[0]) if array.size == 1 else None
    return value.simple_value if value.HasField("simple_value") else None


def read(path):
    reader = PyRecordReader_New(str(path))
    while True:
        try:
            reader.GetNext()
        except Exception:  # its own way to say that this was the last
            break
        event = event_pb2.Event.FromString(reader.record())
        for value in event.summary.value:
            number = number_of(value)
            if number is not None:
                print(event.step, float(event.wall_time).hex(), float(number).hex(), value.tag)


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](pathlib.Path(sys.argv[2]))
