"""What guild puts on the path of the programs of optimizers. An installed package of the same name stays in reach."""

__path__ = __import__("pkgutil").extend_path(__path__, __name__)
