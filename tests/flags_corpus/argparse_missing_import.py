import argparse

import a_package_nobody_has
from another_package_nobody_has import something

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=100)
    args = parser.parse_args()
    a_package_nobody_has.train(args)

if __name__ == "__main__":
    main()
