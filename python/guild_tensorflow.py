"""Shows what is in a TensorFlow checkpoint, graph or saved model: guild_tensorflow.py PATH [OPTION]...

Runs on the user's interpreter and TensorFlow. Options: --tensor-name NAME, --all-tensors, --all-tensor-names, --json.
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ENDINGS = (".index", ".meta")


def fail(text, hint=None):
    sys.stderr.write("guild: %s\n" % text)
    if hint:
        sys.stderr.write("hint: %s\n" % hint)
    sys.exit(1)


def read_options(words):
    options = {"name": None, "values": False, "names": False, "json": False}
    rest = []
    while words:
        word = words.pop(0)
        if word == "--tensor-name":
            options["name"] = words.pop(0)
        elif word == "--all-tensors":
            options["values"] = True
        elif word == "--all-tensor-names":
            options["names"] = True
        elif word == "--json":
            options["json"] = True
        else:
            rest.append(word)
    return rest[0], options


def load_tensorflow():
    try:
        import tensorflow
    except ImportError as e:
        if getattr(e, "name", None) not in (None, "tensorflow"):
            fail("TensorFlow cannot be imported by %s: %s" % (sys.executable, e))
        fail("TensorFlow is not installed for %s" % sys.executable, "%s -m pip install tensorflow" % sys.executable)
    return tensorflow


# ---- checkpoints -------------------------------------------------------------------------------------------------------


def checkpoint_prefix(path):
    """The name that TensorFlow knows a checkpoint by; None for what is no checkpoint."""
    if os.path.isdir(path):
        if os.path.exists(os.path.join(path, "saved_model.pb")):
            inner = os.path.join(path, "variables", "variables")
            return inner if os.path.exists(inner + ".index") else None
        return path if os.path.exists(os.path.join(path, "checkpoint")) else None
    for ending in ENDINGS:
        if path.endswith(ending):
            return path[: -len(ending)]
    head, dot, tail = path.rpartition(".data-")
    if dot and "-of-" in tail:
        return head
    if os.path.exists(path + ".index"):
        return path
    return None if path.endswith((".pb", ".pbtxt")) else path


def show_checkpoint(tf, prefix, options):
    try:
        reader = tf.train.load_checkpoint(prefix)
        shapes = reader.get_variable_to_shape_map()
        types = reader.get_variable_to_dtype_map()
    except Exception as e:
        fail("cannot read checkpoint %s: %s" % (prefix, str(e).split("\n")[0]))
    names = sorted(shapes)
    if options["name"] is not None:
        if options["name"] not in shapes:
            fail("there is no tensor '%s' in %s" % (options["name"], prefix), "--all-tensor-names prints the names")
        names = [options["name"]]
    with_values = options["values"] or options["name"] is not None
    rows = []
    for name in names:
        row = {"name": name, "dtype": types[name].name, "shape": list(shapes[name])}
        if with_values and not options["names"]:
            row["value"] = reader.get_tensor(name)
        rows.append(row)
    print_rows(rows, options)


def print_rows(rows, options):
    if options["json"]:
        for row in rows:
            if "value" in row:
                value = row["value"]
                row["value"] = value.tolist() if hasattr(value, "tolist") else value
        print(json.dumps(rows, default=lambda v: v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v)))
        return
    for row in rows:
        if options["names"]:
            print(row["name"])
            continue
        print("%s (%s) %s" % (row["name"], row["dtype"], row["shape"]))
        if "value" in row:
            print(row["value"])


# ---- graphs ------------------------------------------------------------------------------------------------------------


def read_graphs(tf, path):
    """(heading, graph) of a saved model's graphs, or of a single graph."""
    with open(path, "rb") as f:
        data = f.read()
    if os.path.basename(path) == "saved_model.pb":
        from tensorflow.core.protobuf import saved_model_pb2

        model = saved_model_pb2.SavedModel()
        model.ParseFromString(data)
        return [(" ".join(graph.meta_info_def.tags), graph.graph_def) for graph in model.meta_graphs]
    graph = tf.compat.v1.GraphDef()
    if path.endswith(".pbtxt"):
        from google.protobuf import text_format

        text_format.Parse(data.decode("utf-8"), graph)
    else:
        graph.ParseFromString(data)
    return [("", graph)]


def show_graph(tf, path, options):
    try:
        graphs = read_graphs(tf, path)
    except Exception as e:
        fail("cannot read graph %s: %s" % (path, str(e).split("\n")[0] or type(e).__name__))
    rows = []
    for tags, graph in graphs:
        for node in graph.node:
            if options["name"] is None or node.name == options["name"].partition(":")[0]:
                row = {"name": node.name, "op": node.op, "inputs": list(node.input)}
                if tags:
                    row["graph"] = tags
                rows.append(row)
    if options["name"] is not None and not rows:
        fail("there is no node '%s' in %s" % (options["name"], path), "--all-tensor-names prints the names")
    if options["json"]:
        print(json.dumps(rows))
        return
    for row in rows:
        print(row["name"] if options["names"] else "  ".join([row["name"], row["op"], *row["inputs"]]))


def main():
    path, options = read_options(sys.argv[1:])
    prefix = checkpoint_prefix(path)
    tf = load_tensorflow()
    if prefix is not None:
        show_checkpoint(tf, prefix, options)
    else:
        show_graph(tf, os.path.join(path, "saved_model.pb") if os.path.isdir(path) else path, options)


sys.path[0] = os.getcwd()
main()
