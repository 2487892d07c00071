import sys

rate = 1.5
name = "abc"

if __name__ == "__main__":
    print(rate)
    sys.exit(0)
