import tensorflow as tf

flags = tf.app.flags
flags.DEFINE_float("learning_rate", 0.01, "Initial learning rate.")
tf.app.flags.DEFINE_integer("max_steps", 2000, """Number of steps.""")
tf.compat.v1.flags.DEFINE_string("train_dir", "data", "Directory.")
FLAGS = flags.FLAGS


def main(_):
    pass


if __name__ == "__main__":
    tf.app.run()
