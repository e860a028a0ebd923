"""`json`: texts read and written, with their messages and the notes of exceptions."""

import json
from json import JSONDecoder, JSONEncoder


def show(f):
    try:
        print(repr(f()))
    except Exception as e:
        print(type(e).__name__, str(e)[:120], getattr(e, "__notes__", ""))


for text in (
    '', '[', '[1', '[1,', '[1,]', '[1 2]', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a" 1}', '{a:1}',
    'nul', '-', '01', '1.', '1.e5', '1e', '-Infinity', '-Infinit', 'NaN', '1.5e3', '-0', '-0.0',
    '123456789012345678901234567890', '["é", x', '"é\x01"', '["a\nb"]', '[]x', '{} ', '[1,\n\n 2, x]',
    r'"\u00e9é\"\n" ', r'"\ud83d\ude00\ud83d"', r'"\x"', r'"\u12"', '{"a":1,"a":[true,false,null,{"b":{}}]}',
):
    show(lambda: json.loads(text))

a, b = json.loads('[{"name": 1}, {"name": 2}]')
print([*a][0] is [*b][0])
show(lambda: json.loads('{"a": 1.5, "b": [2]}', parse_int=str, parse_float=repr, object_pairs_hook=list))
show(lambda: json.loads('{"a": {"b": 2}}', object_hook=sorted))


class Other:
    pass


class Int(int):
    def __repr__(self):
        return "no"


class Items(dict):
    def items(self):
        return [1]


cycle = []
cycle.append({"a": cycle})
for make, v in (
    (JSONEncoder(), ["é\x7f\u2028\U0001f600\ud800", '"\\/\b\f\n\r\t\x00']),
    (JSONEncoder(ensure_ascii=False), ["é\x7f\u2028\U0001f600", '"\\/\b\f\n\r\t\x00']),
    (JSONEncoder(), [0, -5, 10**20, 2**49, -(2**49) - 1, 1.0, 1e300, Int(3), {Int(3): 1, 1.5: 2, None: True}]),
    (JSONEncoder(sort_keys=True, indent=2), {"b": [1, 2, [], {}], "a": {}}),
    (JSONEncoder(indent="\t", separators=(" , ", " : ")), [[[]], {"a": 1}]),
    (JSONEncoder(), [1, Other()]),
    (JSONEncoder(), {"a": [Other()]}),
    (JSONEncoder(), {(1,): 2}),
    (JSONEncoder(skipkeys=True), {(1,): 2, "b": 3}),
    (JSONEncoder(allow_nan=False), [float("nan")]),
    (JSONEncoder(), [float("nan"), float("inf"), -float("inf")]),
    (JSONEncoder(sort_keys=True), {"b": 1, 3: 1}),
    (JSONEncoder(), cycle),
    (JSONEncoder(default=lambda v: [v]), Other()),
    (JSONEncoder(default=lambda v: 3), {"a": Other()}),
    (JSONEncoder(), Items(a=1)),
):
    show(lambda: make.encode(v))
