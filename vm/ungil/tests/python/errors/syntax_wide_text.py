# exit: 1
"""The caret under text of other scripts."""

größe = "日本" + = 5
