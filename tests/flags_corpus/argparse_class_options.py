import argparse


class BaseOptions:
    def __init__(self):
        self.parser = argparse.ArgumentParser()
        self.initialized = False

    def initialize(self, parser):
        parser.add_argument("--name", type=str, default="experiment")
        parser.add_argument("--gpu_ids", type=str, default="0", help="gpu ids: e.g. 0  0,1,2")
        self.initialized = True
        return parser

    def parse(self):
        if not self.initialized:
            self.parser = self.initialize(self.parser)
        self.opt = self.parser.parse_args()
        return self.opt


class TrainOptions(BaseOptions):
    def initialize(self, parser):
        parser = BaseOptions.initialize(self, parser)
        parser.add_argument("--niter", type=int, default=100)
        return parser


class SuperOptions(TrainOptions):
    def initialize(self, parser):
        parser = super().initialize(parser)
        parser.add_argument("--lr", type=float, default=0.0002)
        return parser


if __name__ == "__main__":
    opt = SuperOptions().parse()
