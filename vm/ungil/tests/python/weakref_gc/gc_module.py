"""The gc module: enable, disable, thresholds, counts, get_objects, referrers, referents, freeze, callbacks."""

import gc

print(gc.isenabled())
gc.disable()
print(gc.isenabled())
gc.enable()
print(gc.isenabled(), len(gc.get_threshold()), len(gc.get_count()), gc.get_debug(), gc.garbage)
old = gc.get_threshold()
gc.set_threshold(500, 5, 5)
print(gc.get_threshold()[0])
gc.set_threshold(*old)


class C:
    pass


c = C()
c.items = items = [1, "a"]
print(gc.is_tracked(c), gc.is_tracked(items), gc.is_tracked(5), gc.is_tracked("a"), any(o is items for o in gc.get_objects()))
print(any(r is items for r in gc.get_referents(c.__dict__)), any(r is c.__dict__ or r is c for r in gc.get_referrers(items)))
print(gc.is_finalized(c), [sorted(s) for s in gc.get_stats()][0], len(gc.get_stats()))
phases = []


def callback(phase, info):
    phases.append((phase, sorted(info)))


gc.callbacks.append(callback)
gc.collect()
gc.callbacks.remove(callback)
print(phases)
for bad in (-1, 3, "x"):
    try:
        gc.collect(bad)
    except (ValueError, TypeError) as error:
        print(type(error).__name__, error)
print(gc.collect(0) >= 0, gc.collect(generation=2))
gc.freeze()
print(gc.get_freeze_count() > 0)
gc.unfreeze()
print(gc.get_freeze_count())
