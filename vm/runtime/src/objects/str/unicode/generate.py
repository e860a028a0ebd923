"""Writes data.rs from the Unicode data of the Python that runs it: `python3.14 generate.py > data.rs`.

What str's own methods answer is asked, so the tables agree with CPython by construction. Case mappings are given only
where they differ from those of Rust's standard library.
"""
import subprocess
import sys
import tempfile
import unicodedata

FLAGS = ["ALPHA", "DECIMAL", "DIGIT", "NUMERIC", "LOWER", "UPPER", "TITLE", "SPACE", "PRINTABLE", "XID_START",
         "XID_CONTINUE", "CASED", "CASE_IGNORABLE"]


def flags(c):
    final = lambda text: text.lower().endswith("\u03c2")
    cased = final(c + "\u03a3")
    tests = [c.isalpha(), c.isdecimal(), c.isdigit(), c.isnumeric(), c.islower(), c.isupper(),
             unicodedata.category(c) == "Lt", c.isspace(), c.isprintable(), c.isidentifier(), ("a" + c).isidentifier(),
             cased, final("A" + c + "\u03a3") and not cased]
    return sum(1 << i for i, test in enumerate(tests) if test)


def rows(items, per_line):
    for i in range(0, len(items), per_line):
        print("    " + " ".join(item + "," for item in items[i:i + per_line]))


def array(doc, name, kind, items, per_line):
    print(f"/// {doc}\npub(super) static {name}: [{kind}; {len(items)}] = [")
    rows(items, per_line)
    print("];\n")


def rust_mappings():
    """Upper and lower case of each code point as Rust has it."""
    program = """fn main() { for c in (0..0x110000).filter_map(char::from_u32) {
        let show = |s: String| s.chars().map(|c| format!("{:x}", c as u32)).collect::<Vec<_>>().join("_");
        let (u, l) = (show(c.to_uppercase().collect()), show(c.to_lowercase().collect()));
        println!("{:x} {u} {l}", c as u32); } }"""
    with tempfile.TemporaryDirectory() as folder:
        open(f"{folder}/m.rs", "w").write(program)
        subprocess.run(["rustc", "-O", "-o", f"{folder}/m", f"{folder}/m.rs"], check=True)
        lines = subprocess.run([f"{folder}/m"], check=True, capture_output=True, text=True).stdout.splitlines()
    text = lambda word: "".join(chr(int(c, 16)) for c in word.split("_"))
    return {int(c, 16): (text(u), text(l)) for c, u, l in map(str.split, lines)}


def mapping(c, to):
    to = [ord(x) for x in to] + [0, 0]
    return f"({c:#x}, [{to[0]:#x}, {to[1]:#x}, {to[2]:#x}])"


def main():
    print("//! Tables of Unicode " + unicodedata.unidata_version + ", written by `generate.py`: not to be edited.\n")
    for i, name in enumerate(FLAGS):
        print(f"pub(super) const {name}: u16 = {1 << i:#x};")
    print()
    records, runs, last = [], [], None
    for c in range(0x110000):
        f = flags(chr(c))
        if f != last:
            if f not in records:
                records.append(f)
            runs.append(f"{c << 8 | records.index(f):#x}")
            last = f
    array("Combinations of properties.", "RECORDS", "u16", [f"{f:#x}" for f in records], 14)
    array("Where runs of equal properties start: code point << 8 | record.", "RUNS", "u32", runs, 10)
    zeros = [c for c in range(0x110000) if chr(c).isdecimal() and unicodedata.decimal(chr(c)) == 0]
    for zero in zeros:
        assert all(unicodedata.decimal(chr(zero + i)) == i for i in range(10))
    array("The zeros of all sets of decimal digits; the other nine follow each.", "ZEROS", "u32", [f"{c:#x}" for c in zeros], 12)
    rust = rust_mappings()
    upper, lower, title, fold = [], [], [], []
    for c in range(0x110000):
        if 0xd800 <= c < 0xe000:
            continue
        s = chr(c)
        # Sigma by itself is not final.
        up, low = s.upper(), s.lower()
        if up != rust[c][0]:
            upper.append(mapping(c, up))
        if low != rust[c][1]:
            lower.append(mapping(c, low))
        if s.title() != up:
            title.append(mapping(c, s.title()))
        if s.casefold() != low:
            fold.append(mapping(c, s.casefold()))
    kind = "(u32, [u32; 3])"
    array("Upper case where it is not Rust's.", "UPPER_OTHER", kind, upper, 3)
    array("Lower case where it is not Rust's.", "LOWER_OTHER", kind, lower, 3)
    array("Title case where it is not upper case.", "TITLE_OTHER", kind, title, 3)
    array("Folded case where it is not lower case.", "FOLD_OTHER", kind, fold, 3)


main()
