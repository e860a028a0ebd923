"""Module _ungil: states and counts of objects, forced quiescence and collection, in every model."""

import sys
import threading

import _ungil

MODEL = _ungil.model()
assert f", {MODEL})" in sys.version, sys.version
assert MODEL in ("confined", "gil", "pep703", "gilectomy"), MODEL


class Node:
    pass


def check_states():
    assert _ungil.state(1) == _ungil.state(None) == _ungil.state(1.5) == "immediate"
    assert _ungil.counts(True) is None
    assert _ungil.state(int) == _ungil.state("name") == "immortal"
    assert _ungil.state(Node) == "hub"
    born = "published" if MODEL in ("pep703", "gilectomy") else "confined"
    assert _ungil.state(Node()) == born, _ungil.state(Node())
    shared = []
    seen = []

    def store():
        seen.append(_ungil.state(shared))
        shared.append([2])
        seen.append(_ungil.state(shared[0]))

    thread = threading.Thread(target=store)
    thread.start()
    thread.join()
    wanted = "confined" if MODEL == "gil" else "published"
    assert seen == [wanted] * 2, seen


def check_counts():
    node = Node()
    before = _ungil.counts(node)["total"]
    others = [node] * 10
    assert _ungil.counts(node)["total"] == before + 10, _ungil.counts(node)
    others.clear()
    _ungil.quiesce()
    assert _ungil.counts(node)["total"] == before, _ungil.counts(node)


def check_owners():
    """What one thread makes another one drops, also after the first has ended."""
    made = []

    def make():
        made.extend(Node() for _ in range(1000))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    while made:
        made.pop()
    kept = [Node() for _ in range(1000)]
    thread = threading.Thread(target=kept.clear)
    thread.start()
    thread.join()
    _ungil.quiesce()
    alive = sum(type(thing) is Node for thing in __import__("gc").get_objects())
    assert alive == 0, alive


def check_collection():
    _ungil.collect()
    node = Node()
    node.itself = node
    del node
    assert _ungil.collect() >= 1
    assert _ungil.collect() == 0


def check_stats():
    stats = _ungil.stats()
    if stats is None:
        return
    assert stats["model"] == MODEL
    counted = {"gilectomy": "counts_atomic", "pep703": "counts_biased"}.get(MODEL, "counts_plain")
    assert stats[counted] > 0
    assert stats["stops"] > 0 and stats["stop_nanos"] >= stats["stop_nanos_max"] > 0
    assert len(stats["threads"]) >= 2


check_counts()
check_states()
check_owners()
check_collection()
check_stats()
print("ok")
