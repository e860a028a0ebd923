"""Writes the tables of `unicodedata` (one of Unicode 16.0, one of 3.2) from a Python that has these versions.

Usage: python3.14 generate.py FOLDER

A table is a sequence of little-endian numbers:
    counts      u32 x 5: records, runs, numbers, decompositions, bytes of text
    records     u8 x 4 each: category, bidirectional class, combining class, width * 2 + mirrored
    runs        u32 each: the first code point; then u16 each: the record
    numbers     u32 code point, i8 decimal, i8 digit, u16 zero, f64 value or NaN, each
    decompositions  u32 code point, u32 offset in the text, u16 length, u16 whether composed again, each
    text        decompositions as `decomposition()` gives them
"""

import math
import struct
import sys
import unicodedata

CATEGORIES = "Cn Lu Ll Lt Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Lm Lo Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split()
CLASSES = " L LRE LRO R AL RLE RLO PDF EN ES ET AN CS NSM BN B S WS ON LRI RLI FSI PDI".split(" ")
WIDTHS = "F H W Na A N".split()
HANGUL = range(0xAC00, 0xAC00 + 11172)


def table(ucd):
    records, runs, numbers, decompositions = {}, [], [], []
    text = b""
    last = None
    for point in range(sys.maxunicode + 1):
        char = chr(point)
        record = (
            CATEGORIES.index(ucd.category(char)),
            CLASSES.index(ucd.bidirectional(char)),
            ucd.combining(char),
            WIDTHS.index(ucd.east_asian_width(char)) * 2 + ucd.mirrored(char),
        )
        if record != last:
            runs.append((point, records.setdefault(record, len(records))))
            last = record
        # The old version has digits that it does not call numbers.
        value, digit = ucd.numeric(char, math.nan), ucd.digit(char, -1)
        if digit >= 0 or not math.isnan(value):
            numbers.append(struct.pack("<IbbHd", point, ucd.decimal(char, -1), digit, 0, value))
        parts = ucd.decomposition(char)
        if parts and point not in HANGUL:
            again = not parts.startswith("<") and ucd.normalize("NFC", ucd.normalize("NFD", char)) == char
            decompositions.append(struct.pack("<IIHH", point, len(text), len(parts), again))
            text += parts.encode()
    counts = struct.pack("<5I", len(records), len(runs), len(numbers), len(decompositions), len(text))
    body = b"".join(bytes(record) for record in records)
    body += b"".join(struct.pack("<I", first) for first, _ in runs)
    body += b"".join(struct.pack("<H", record) for _, record in runs)
    return counts + body + b"".join(numbers) + b"".join(decompositions) + text


for name, ucd in ("new", unicodedata), ("old", unicodedata.ucd_3_2_0):
    with open(f"{sys.argv[1]}/{name}.bin", "wb") as file:
        file.write(table(ucd))
