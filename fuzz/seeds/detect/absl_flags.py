 from absl import app
from absl import flags

FLAGS = flags.FLAGS
BATCH = 16

flags.DEFINE_string("name", "x", "a name")
flags.DEFINE_integer("steps", 10, "steps", lower_bound=1)
flags.DEFINE_float("rate", 0.1, "rate")
flags.DEFINE_boolean("debug", False, "debug")
flags.DEFINE_bool("cache", True, "cache")
flags.DEFINE_enum("mode", "train", ["train", "test"], "mode")
flags.DEFINE_list("layers", ["64", "32"], "layers")
flags.DEFINE_multi_integer("dims", [1, 2], "dims")
_HIDDEN = flags.DEFINE_integer("hidden", BATCH * 2, "hidden", short_name="n")
flags.DEFINE_string("data", None, "required data", required=True)
flags.DEFINE_string("out", None, "also required")
flags.mark_flag_as_required("out")


def main(argv):
    print(FLAGS.name)


if __name__ == "__main__":
    app.run(main)
