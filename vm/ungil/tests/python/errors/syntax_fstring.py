# exit: 1
"""A broken expression in an f-string."""

x = 1
print(f"value {x +} end")
