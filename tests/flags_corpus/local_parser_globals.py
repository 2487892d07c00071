"""The same, with globals of its own: they are the flags."""
from helpers.options import get_args

SEED = 42

args = get_args()
