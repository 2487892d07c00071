"""The script does not import argparse: its module does."""
from helpers.options import get_args

args = get_args()
