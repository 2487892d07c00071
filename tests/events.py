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
