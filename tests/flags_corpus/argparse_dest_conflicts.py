import argparse

p = argparse.ArgumentParser()
p.add_argument("-o", "--output-file", "--out", dest="out", default="o")
p.add_argument("--snake_case", default=1)
p.add_argument("--camelCase", default=2)
p.add_argument("--dotted.name", default=3)
p.add_argument("--with-digits-123", default=4)
p.add_argument("-q", dest="quiet", action="store_true")
p.parse_args()
