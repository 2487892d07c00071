import argparse
import sys

if __name__ == "__main__":
    if len(sys.argv) > 1:
        p = argparse.ArgumentParser()
        p.add_argument("--x", type=int, default=1)
        try:
            a = p.parse_args()
        except SystemExit:
            raise
    else:
        print("usage")
        sys.exit(2)
