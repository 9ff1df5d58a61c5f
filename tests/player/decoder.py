"""Reads the bytes that the browser gets, by the layout that payload.py documents and without its code.

A little-endian uint32 with the header's length, the header as JSON, and the arrays, each aligned to 8 bytes.
"""

import json

import numpy as np

DTYPES = {"f8": "<f8", "f4": "<f4", "i4": "<i4", "u1": "u1"}


def decode(message: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """The header and the arrays, flat; fails on anything that JavaScript's typed arrays could not view."""
    length = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + length].decode("utf-8"), parse_constant=_refuse)
    start = 4 + length
    while start % 8:
        assert message[start] == 0
        start += 1
    arrays, end = {}, start
    for each in header.pop("arrays"):
        begin = start + each["offset"]
        assert begin % 8 == 0, f"{each['name']} is not aligned"
        assert 0 <= begin - end < 8, f"{each['name']} leaves a gap or overlaps"
        arrays[each["name"]] = np.frombuffer(message, DTYPES[each["dtype"]], each["length"], begin)
        end = begin + arrays[each["name"]].nbytes
    assert 0 <= len(message) - end < 8, "there is something after the last array"
    return header, arrays


def _refuse(constant: str):
    raise AssertionError(f"{constant} is no JSON: JSON.parse fails on it")
