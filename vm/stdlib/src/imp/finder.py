"""Joins importlib to the VM's own import: run once, when importlib is first imported."""

import sys


def install(bootstrap, external, imp):
    """Install the importers, and give the modules that are loaded already their specs."""
    bootstrap._install(sys, imp)

    class EmbeddedLoader(external.SourceLoader):
        """Loads modules of the library that is embedded in the program."""

        def __init__(self, name, path):
            self.name = name
            self.path = path

        def get_filename(self, fullname):
            return self.path

        def get_data(self, path):
            data = imp._embedded(path)
            if data is None:
                raise OSError(f"no embedded file {path!r}")
            return data

        def __eq__(self, other):
            return type(self) is type(other) and self.path == other.path

        def __hash__(self):
            return hash(self.name) ^ hash(self.path)

    def spec_of(name, filename, search):
        if imp._is_embedded(filename):
            loader = EmbeddedLoader(name, filename)
        elif filename:
            loader = external.SourceFileLoader(name, filename)
        else:
            spec = bootstrap.ModuleSpec(name, None, is_package=True)
            spec.loader = external.NamespaceLoader(name, search, external.PathFinder._get_spec)
            spec.submodule_search_locations = spec.loader._path
            return spec
        return external.spec_from_file_location(
            name, filename, loader=loader, submodule_search_locations=search)

    class EmbeddedFinder:
        """Finds modules of the embedded library: meta path finder, and path entry finder of its packages."""

        def __init__(self, entry):
            if not imp._is_embedded_directory(entry):
                raise ImportError("only for the embedded library", path=entry)
            self.path = entry

        @classmethod
        def find_spec(cls, fullname, path=None, target=None):
            entries = [imp._embedded_root] if path is None else path
            for entry in entries:
                spec = cls._spec(fullname, entry)
                if spec is not None:
                    return spec
            return None

        @staticmethod
        def _spec(fullname, entry):
            found = imp._find_embedded(entry, fullname.rpartition('.')[2])
            if found is None:
                return None
            return spec_of(fullname, *found)

        def iter_modules(self, prefix=""):
            for name, ispkg in imp._list_embedded(self.path):
                yield prefix + name, ispkg

    for cls in EmbeddedLoader, EmbeddedFinder:
        cls.__module__ = '_frozen_importlib_external'
        cls.__qualname__ = cls.__name__
        setattr(external, cls.__name__, cls)
    sys.meta_path[sys.meta_path.index(bootstrap.FrozenImporter)] = EmbeddedFinder
    external._install(bootstrap)
    for name, module in list(sys.modules.items()):
        namespace = getattr(module, '__dict__', {})
        if namespace.get('__spec__') is not None or namespace.get('__name__') == '__main__':
            continue
        filename = namespace.get('__file__')
        search = namespace.get('__path__')
        if isinstance(filename, str) or search is not None:
            spec = spec_of(name, filename, list(search) if search is not None else None)
            module.__spec__ = spec
            module.__loader__ = spec.loader
    return spec_of, tuple(sys.meta_path)
