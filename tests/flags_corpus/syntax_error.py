import argparse

lr = = 0.1
