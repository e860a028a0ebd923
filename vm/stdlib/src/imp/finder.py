"""Joins importlib to the VM's own import: run once, when importlib is first imported."""

import sys


def install(bootstrap, external, imp):
    """Install the importers, and give the modules that are loaded already their specs."""
    bootstrap._install(sys, imp)

    def get_data(path):
        data = imp._embedded(path)
        if data is None:
            raise OSError(f"no embedded file {path!r}")
        return data

    class EmbeddedLoader(external.SourceLoader):
        """Loads modules of the library that is embedded in the program."""

        def __init__(self, name, path):
            self.name = name
            self.path = path

        def get_filename(self, fullname):
            return self.path

        def get_data(self, path):
            return get_data(path)

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
        spec = external.spec_from_file_location(
            name, filename, loader=loader, submodule_search_locations=search)
        # Not made absolute.
        spec.origin = filename
        return spec

    def find_embedded(fullname, entry):
        found = imp._find_embedded(entry, fullname.rpartition('.')[2])
        return found and spec_of(fullname, *found)

    class EmbeddedImporter:
        """Finds what comes before the path: the modules that CPython holds frozen.

        And all of the library, if a program has lost its entry of `sys.path`.
        """

        @staticmethod
        def find_spec(fullname, path=None, target=None):
            if path is None and (imp._is_before_path(fullname) or imp._library_entry not in sys.path):
                return find_embedded(fullname, imp._embedded_root)
            return None

    class EmbeddedFinder:
        """Finds modules in an entry of a path that is in the embedded library."""

        def __init__(self, entry):
            if not imp._is_embedded_directory(entry):
                raise ImportError("only for the embedded library", path=entry)
            self.path = entry

        def find_spec(self, fullname, target=None):
            return find_embedded(fullname, self.path)

        def get_data(self, path):
            return get_data(path)

        def iter_modules(self, prefix=""):
            for name, ispkg in imp._list_embedded(self.path):
                yield prefix + name, ispkg

    def archive_hook(entry):
        """Give the importer of an archive; `zipimport` is loaded for files only."""
        if not external._path_isfile(entry) and external._path_isdir(entry or '.'):
            raise ImportError('only archives are supported', path=entry)
        from zipimport import zipimporter
        return zipimporter(entry)

    for cls in EmbeddedLoader, EmbeddedImporter, EmbeddedFinder:
        cls.__module__ = '_frozen_importlib_external'
        cls.__qualname__ = cls.__name__
        setattr(external, cls.__name__, cls)
    sys.meta_path[sys.meta_path.index(bootstrap.FrozenImporter)] = EmbeddedImporter
    external._install(bootstrap)
    sys.path_importer_cache[imp._embedded_root] = EmbeddedFinder(imp._embedded_root)
    sys.path_hooks[:] = [EmbeddedFinder, archive_hook, *sys.path_hooks]

    def give_spec(module):
        """Give a module that is loaded its spec."""
        namespace = module.__dict__
        name = namespace.get('__name__')
        filename = namespace.get('__file__')
        search = namespace.get('__path__')
        if isinstance(filename, str) or search is not None:
            spec = spec_of(name, filename, list(search) if search is not None else None)
        elif name in sys.builtin_module_names:
            spec = bootstrap.spec_from_loader(name, bootstrap.BuiltinImporter, origin='built-in')
        else:
            spec = None
        namespace.setdefault('__spec__', spec)
        namespace.setdefault('__loader__', spec and spec.loader)

    for module in list(sys.modules.values()):
        namespace = getattr(module, '__dict__', {})
        if namespace.get('__spec__') is None and namespace.get('__name__') != '__main__':
            namespace.pop('__spec__', None)
            namespace.pop('__loader__', None)
            give_spec(module)
    return spec_of, give_spec, tuple(sys.meta_path)
