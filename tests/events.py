"""Event files written by hand: the framing of TensorBoard, without TensorBoard."""

import struct

TABLE = []
for n in range(256):
    c = n
    for _ in range(8):
        c = (c >> 1) ^ 0x82F63B78 if c & 1 else c >> 1
    TABLE.append(c)


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def record(data):
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def event(tag, step, value):
    name = tag.encode()
    item = b"\x0a" + varint(len(name)) + name + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + varint(len(item)) + item
    return record(b"\x10" + varint(step) + b"\x2a" + varint(len(summary)) + summary)


def write_events(folder, scalars):
    """scalars: {tag: [(step, value), ...]}"""
    folder.mkdir(parents=True, exist_ok=True)
    data = record(b"\x1a\x0dbrain.Event:2")
    for tag, values in scalars.items():
        data += b"".join(event(tag, step, value) for step, value in values)
    (folder / "events.out.tfevents.0000000001.host.1.0").write_bytes(data)


def fields(data):
    """(number, value) of one protobuf message."""
    at = 0

    def number():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return n

    while at < len(data):
        key = number()
        size = {0: None, 1: 8, 5: 4}.get(key & 7)
        if key & 7 == 0:
            yield key >> 3, number()
            continue
        size = number() if size is None else size
        yield key >> 3, data[at:at + size]
        at += size


def read_scalars(folder):
    """(tag, step, value, wall time) of all event files in a folder, in order; float32 and float64 alike."""
    found = []
    for path in sorted(folder.glob("*.tfevents.*")):
        data = path.read_bytes()
        at = 0
        while at < len(data):
            size, = struct.unpack_from("<Q", data, at)
            parts = dict(fields(data[at + 12:at + 12 + size]))
            at += size + 16
            for _, value in fields(parts.get(5, b"")):
                value = dict(fields(value))
                if 2 in value:
                    figure, = struct.unpack("<f", value[2])
                else:
                    tensor = dict(fields(value.get(8, b"")))
                    if 6 not in tensor:
                        continue
                    figure, = struct.unpack("<d", tensor[6])
                step = parts.get(2, 0)
                step -= (step >> 63) << 64
                wall, = struct.unpack("<d", parts.get(1, bytes(8)))
                found.append((value[1].decode(), step, figure, wall))
    return found
