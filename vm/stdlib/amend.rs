//! Where files of the embedded library differ from those of the package that they are from. Only what many programs pay for
//! in memory and time, and what later versions of Python have changed to the same end, is worth a place here; what a
//! program sees of it stays as it was, but for what it sees in later versions as well.

/// A part of a file, which must be there once, and what stands in its place.
struct Change {
    path: &'static str,
    from: &'static str,
    to: &'static str,
}

/// How `dataclasses` makes the text of a signature: the same where it stands now.
macro_rules! signature {
    () => {
        "        try:
            # In some cases fetching a signature is not possible.
            # But, we surely should not fail in this case.
            text_sig = str(inspect.signature(
                cls,
                annotation_format=annotationlib.Format.FORWARDREF,
            )).replace(' -> None', '')
        except (TypeError, ValueError):
            text_sig = ''
"
    };
}

const CHANGES: &[Change] = &[
    // Each call of `add_argument` makes a formatter, to see whether it can format the argument. Its theme is looked up when
    // something is written, as in 3.15: `_colorize` brings `dataclasses`, `inspect`, `ast` and others, 2.3 MB of memory.
    Change {
        path: "argparse.py",
        from: "\
    def _set_color(self, color):
        from _colorize import can_colorize, decolor, get_theme

        if color and can_colorize():
            self._theme = get_theme(force_color=True).argparse
            self._decolor = decolor
        else:
            self._theme = get_theme(force_no_color=True).argparse
            self._decolor = _identity
",
        to: "\
    def _set_color(self, color):
        self._color = color
        self._found = None

    def _find_theme(self):
        if self._found is None:
            from _colorize import can_colorize, decolor, get_theme

            if self._color and can_colorize():
                self._found = get_theme(force_color=True).argparse, decolor
            else:
                self._found = get_theme(force_no_color=True).argparse, _identity
        return self._found

    @property
    def _theme(self):
        return self._find_theme()[0]

    @property
    def _decolor(self):
        return self._find_theme()[1]
",
    },
    // Text that is made of the signature of `__init__` is made when somebody asks for it, as in 3.15: `inspect` brings `ast`, `dis`
    // and others, and looking at a signature takes longer than making the class.
    Change {
        path: "dataclasses.py",
        from: "import copy\nimport types\nimport inspect\n",
        to: "import types\n",
    },
    Change {
        path: "dataclasses.py",
        from: concat!(signature!(), "        cls.__doc__ = (cls.__name__ + text_sig)\n"),
        to: "        cls.__doc__ = _signature_doc\n",
    },
    Change {
        path: "dataclasses.py",
        from: "\
def _process_class(",
        to: concat!(
            "\
class _SignatureDoc:
    def __get__(self, instance, cls):
        import inspect
",
            signature!(),
            "        cls.__doc__ = doc = cls.__name__ + text_sig
        return doc

_signature_doc = _SignatureDoc()


def _process_class("
        ),
    },
    Change {
        path: "dataclasses.py",
        from: "\
    for member in newcls.__dict__.values():
        # If this is a wrapped function, unwrap it.
",
        to: "\
    import inspect
    for member in newcls.__dict__.values():
        # If this is a wrapped function, unwrap it.
",
    },
    Change {
        path: "dataclasses.py",
        from: "        return copy.deepcopy(obj)\n\n\ndef astuple",
        to: "        import copy\n        return copy.deepcopy(obj)\n\n\ndef astuple",
    },
    Change {
        path: "dataclasses.py",
        from: "        return copy.deepcopy(obj)\n\n\ndef make_dataclass",
        to: "        import copy\n        return copy.deepcopy(obj)\n\n\ndef make_dataclass",
    },
];

/// The source of a file with its changes.
pub fn amended(path: &str, source: Vec<u8>) -> Vec<u8> {
    let changes = CHANGES.iter().filter(|change| change.path == path);
    changes.fold(source, |source, change| {
        let text = String::from_utf8(source).expect("an amended file is text");
        assert_eq!(text.matches(change.from).count(), 1, "{path} is not what the change was made for");
        text.replace(change.from, change.to).into_bytes()
    })
}
