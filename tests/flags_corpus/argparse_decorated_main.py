import argparse
import functools
import contextlib


def timed(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)

    return wrapper


@timed
def main():
    with contextlib.suppress(KeyError):
        parser = argparse.ArgumentParser()
        parser.add_argument("--deep", default="x")
        args = parser.parse_args()
        print(args)


if __name__ == "__main__":
    main()
