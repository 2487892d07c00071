import fire

EPOCHS = 3


def train(data, lr=0.1, epochs=EPOCHS, name="x", debug=False, cache=True, layers=(64, 32), seed=None, **kw):
    return data


if __name__ == "__main__":
    fire.Fire(train)
