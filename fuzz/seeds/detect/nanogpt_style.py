 import math

# I/O
out_dir = "out"
eval_interval = 2000
always_save = True
# model
dropout = 0.0
gradient_accumulation_steps = 5 * 8
device = "cuda"
nothing = None
sizes = [1, 2]
_hidden = 3
# -----------------------------------------------------------------------------
config_keys = [k for k, v in globals().items() if not k.startswith("_") and isinstance(v, (int, float, bool, str))]
exec(open("configurator.py").read())
config = {k: globals()[k] for k in config_keys}
# -----------------------------------------------------------------------------
after = 5
