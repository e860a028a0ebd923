"""Where modules come from: what stands before the library hides it, folders and archives as programs, namespaces, messages."""

import os
import subprocess
import sys
import tempfile
import zipfile

FILES = {
    "own/statistics.py": "print('mine')",
    "own/os.py": "print('never: loaded before the path is looked at')",
    "own/resource.py": "print('my resource')",
    "own/json/data.txt": "no package",
    "own/hides.py": "import statistics, os, resource, json; print(os.sep, json.dumps([1]))",
    "random.py": "import random; random.randint",
    "half.py": "from half import name",
    "app/__main__.py": "import helper, sys; print(helper, __name__, repr(__package__), __spec__.name, sys.path[0], sys.argv)",
    "app/helper.py": "def fail():\n    raise ValueError('from the archive')",
    "no_main/other.py": "",
    "ask.py": "import helper\nhelper.fail()",
    "one/space/a.py": "print(__name__)",
    "two/space/b.py": "print(__name__)",
    "loaded.py": "import missing_module",
    "loader.py": """
import importlib.machinery, sys
class Loader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module):
        exec(self.get_code(module.__name__), module.__dict__)
class Finder:
    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec and name == 'loaded':
            spec.loader = Loader(name, spec.origin)
        return spec
sys.meta_path.insert(0, Finder())
import loaded
""",
}


def run(*args, path=()):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path), PYTHONDONTWRITEBYTECODE="1")
    ended = subprocess.run([sys.executable, *args], capture_output=True, text=True, env=environment)
    text = ended.stdout + ended.stderr
    print(ended.returncode, text.replace(os.getcwd(), "DIR").replace(sys.executable, "PYTHON"))


with tempfile.TemporaryDirectory() as folder:
    os.chdir(os.path.realpath(folder))
    for name, text in FILES.items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "w") as file:
            file.write(text)
    with zipfile.ZipFile("app.zip", "w") as archive:
        for name in "__main__.py", "helper.py":
            archive.write(f"app/{name}", name)
    run("own/hides.py")
    run("random.py")
    run("-c", "import half")
    run("-c", "import random\nrandom.randint")
    run("app", "argument")
    run("app.zip")
    run("no_main")
    run("ask.py", path=["app.zip"])
    run("-m", "app")
    run("-m", "no_main")
    run("-m", "nothing")
    run("-m", "ask.py")
    run("-c", "import space.a, space.b, space; print(space, list(space.__path__), space.__file__)", path=["one", "two"])
    run("loader.py")
    run("-c", "import json, sys; print(json.__spec__.name, sys.__spec__, '__spec__' in globals())")
    run("-c", "import sys; sys.path.insert(0, 'two/space'); import b; __import__('two/space')")
    run("-c", "import pkgutil; print({'json', 'helper'} <= {m.name for m in pkgutil.iter_modules()})", path=["app.zip"])
