# exit: 1
"""Typographic quotes."""

name = ‘text’
