import argparse


class Parser(argparse.ArgumentParser):
    def __init__(self, **kwargs):
        super().__init__(fromfile_prefix_chars="@", **kwargs)
        self.add_argument("--config", default="c.yml")

    def error(self, message):
        self.print_help()
        self.exit(2)

    def parse_args(self, *args, **kwargs):
        self.add_argument("--late", type=int, default=1)
        return super(Parser, self).parse_args(*args, **kwargs)


p = Parser(description="x")
p.add_argument("--lr", default=1.0)
p.parse_args()
