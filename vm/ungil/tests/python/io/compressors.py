# lzma and compression.zstd: streams, what they refuse, dictionaries, use by many threads.
import io, lzma, random, threading
from compression import zstd


def show(f):
    try:
        print(repr(f()).split(" at 0x")[0])
    except Exception as e:
        print(type(e).__name__, e)


data = b"".join(b"line %d of %d\n" % (i * i % 97, i) for i in range(5000))
for kw in [{}, {"format": lzma.FORMAT_ALONE}, {"preset": 0}, {"check": lzma.CHECK_CRC32},
           {"filters": [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16, "lc": 1}]}]:
    packed = lzma.compress(data, **kw)
    print(len(packed) < len(data) // 3, lzma.decompress(packed) == data)
raw = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2}]
packed = lzma.compress(data, format=lzma.FORMAT_RAW, filters=raw)
print(lzma.decompress(packed, format=lzma.FORMAT_RAW, filters=raw) == data)
for args, kw in [((9,), {}), ((1, 99), {}), ((2, 4), {}), ((), {"preset": 1, "filters": []}), ((), {"preset": 99}), ((3,), {}),
                 ((), {"preset": -1}), ((), {"preset": 1 << 40}), ((), {"filters": [5]}), ((), {"filters": [{}]}),
                 ((), {"filters": [{"id": 99}]}), ((), {"filters": [{"id": 33, "foo": 1}]}), ((), {"filters": [{"id": 33}] * 5}),
                 ((2,), {"filters": [{"id": 33}]}), ((), {"filters": [{"id": 33, "lc": 99}]}), ((), {"filters": 5})]:
    show(lambda: lzma.LZMACompressor(*args, **kw))
c = lzma.LZMACompressor()
packed = c.compress(data) + c.flush()
show(c.flush)
show(lambda: c.compress(b""))
d = lzma.LZMADecompressor()
out = d.decompress(packed[:100], 10)
print(out, d.eof, d.needs_input, d.check, d.unused_data)
while not d.eof:
    out += d.decompress(b"" if not d.needs_input else packed[100:] + b"rest", 999)
    packed = packed if d.needs_input else packed
print(out == data, d.unused_data, d.needs_input)
show(lambda: d.decompress(b""))
for args, blob in [((), b"garbagegarbage"), ((0, 100), packed), ((3,), b""), ((9,), b""), ((1, None, []), b"")]:
    show(lambda: lzma.LZMADecompressor(*args).decompress(blob))
for f in [{"id": 33}, {"id": lzma.FILTER_LZMA1, "lc": 2}, {"id": 3, "dist": 7}, {"id": 4, "start_offset": 16}]:
    p = lzma._encode_filter_properties(f)
    print(p, lzma._decode_filter_properties(f["id"], p))
with lzma.open(io.BytesIO(packed)) as f:
    print(f.readline(), f.seek(20), f.read(5))

# Zstandard.
P, D = zstd.CompressionParameter, zstd.DecompressionParameter
packed = zstd.compress(data, 10)
print(len(packed) < len(data) // 3, zstd.decompress(packed) == data, zstd.get_frame_info(packed), zstd.get_frame_size(packed) == len(packed))
for args in [("a",), (99,), (1 << 40,), (1, {}), (None, 5), (None, {1: 2}), (None, {P.window_log: 99}),
             (None, {D.window_log_max: 11}), (None, None, 5), (None, {P.checksum_flag: 1})]:
    show(lambda: zstd.ZstdCompressor(*args))
for args in [(5,), (None, 5), (None, {P.window_log: 11}), (None, {D.window_log_max: 99})]:
    show(lambda: zstd.ZstdDecompressor(*args))
c = zstd.ZstdCompressor()
show(lambda: c.compress(b"a", 5))
show(lambda: c.flush(0))
packed = c.compress(data) + c.compress(b"!", c.FLUSH_BLOCK)
print(c.last_mode)
show(lambda: c.set_pledged_input_size(5))
packed += c.flush()
show(lambda: c.set_pledged_input_size(-1))
d = zstd.ZstdDecompressor()
out = d.decompress(packed + b"rest", 10)
print(out, d.eof, d.needs_input)
while not d.eof:
    out += d.decompress(b"", 999)
print(out == data + b"!", d.unused_data, d.needs_input)
show(lambda: d.decompress(b""))
show(lambda: zstd.ZstdDecompressor().decompress(b"garbage"))
show(lambda: zstd.get_frame_info(b""))
show(lambda: zstd.ZstdDict(b"short"))
show(lambda: zstd.ZstdDict(b"no dictionary"))
samples = [b"sample %d some text that repeats %d" % (i, i * 7) for i in range(500)]
known = zstd.train_dict(samples, 2000)
for how in [known, known.as_digested_dict, known.as_undigested_dict, known.as_prefix]:
    small = zstd.compress(b"sample 5 some text", zstd_dict=how)
    print(zstd.decompress(small, zstd_dict=how if how is not known else known))
    show(lambda: zstd.decompress(small))
with zstd.open(io.BytesIO(packed)) as f:
    print(f.readline(), f.seek(20), f.read(5))

# One object in many threads.
c, z, parts = lzma.LZMACompressor(preset=0), zstd.ZstdCompressor(1), []


def work(k):
    for i in range(20):
        parts.append(len(c.compress(data[:500])) + len(z.compress(data[:500])))


threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(parts), len(c.flush()) > 0, len(z.flush()) > 0)
