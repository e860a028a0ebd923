"""Strings: building, splitting, joining, searching, replacing, formatting, encoding.

Usage: string_work.py [N]
    N  how many words the text has (default 400000)
"""

import sys

SYLLABLES = ["ba", "ke", "lo", "mi", "nu", "ra", "so", "té", "vu", "zy"]


def make_text(words):
    state = 1
    parts = []
    for i in range(words):
        word = ""
        for _ in range(2 + state % 3):
            state = (state * 69069 + 1) & 0xFFFFFFFF
            word += SYLLABLES[(state >> 16) % len(SYLLABLES)]
        if i % 11 == 10:
            word = word.capitalize() + "."
        parts.append(word)
    return " ".join(parts)


def word_lengths(text):
    lengths = {}
    for word in text.split():
        word = word.strip(".").lower()
        lengths[len(word)] = lengths.get(len(word), 0) + 1
    return sorted(lengths.items())


def caesar(text):
    shifted = []
    for letter in text:
        if "a" <= letter <= "z":
            letter = chr((ord(letter) - ord("a") + 13) % 26 + ord("a"))
        shifted.append(letter)
    return "".join(shifted)


def rhymes_with_itself(word):
    return len(word) > 4 and word.startswith(word[-2:])


def main():
    words = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    text = make_text(words)
    print(len(text), len(text.encode("utf-8")), text[:30])
    for length, count in word_lengths(text):
        print(f"{length:>4} letters: {count:<8d}|{count / words:8.3%}")
    print(text.count("ba"), text.find("zyzyzy"), text.rfind("mimi"))
    print(caesar(text[: len(text) // 4])[:30])
    print(sum(1 for word in text.split() if rhymes_with_itself(word)))
    replaced = text.replace("té", "te").upper()
    print(replaced[-20:], replaced.isascii(), "KELO" in replaced)
    table = "\n".join(f"{i:05d};{word!r};{len(word)}" for i, word in enumerate(text.split(" ")))
    rows = [line.split(";") for line in table.splitlines()]
    print(len(rows), rows[-1], sum(int(row[2]) for row in rows))


if __name__ == "__main__":
    main()
