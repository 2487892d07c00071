"""argparse is imported, and that is all."""
import argparse  # noqa: F401

lr = 0.1
epochs = 10
