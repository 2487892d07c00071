from typing import TypeAlias

lr = 0.1
Vector: TypeAlias = list[float]


def f(a, /, b, *, c: int | None = None) -> "Vector":
    match a:
        case [x, *rest] if x > 0:
            return rest
        case {"k": v, **others}:
            return others
        case str() | bytes():
            pass
    return f"{b!r:>{10}} {c=}"


async def g():
    async with f() as x, f() as y:
        async for i in y:
            yield await x
    return


try:
    pass
except* ValueError as group:
    raise group from None

with (open("/dev/null") as a, open("/dev/null") as b):
    pass

lambda *args, **kw: (yield)
epochs = 3
