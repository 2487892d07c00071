 import fire


class Trainer:
    def __init__(self, lr: float = 0.1, seed=0):
        self.lr = lr

    def fit(self, epochs=3, batch_size: int = 8):
        return epochs

    def test(self, ckpt):
        return ckpt


fire.Fire(Trainer)
