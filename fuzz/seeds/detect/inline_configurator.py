 """Options as --key=value over the globals, without a file of its own."""
import sys

rate = 0.1
steps = 10
name = "x"

for arg in sys.argv[1:]:
    key, value = arg.lstrip("-").split("=")
    globals()[key] = type(globals()[key])(value)

print(rate, steps, name)
