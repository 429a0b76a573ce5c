"""Files of strangers: one for each hole that is known of Keras, and each of ours.

`python -m tests.hostile FOLDER` reads them all while an audit hook watches, and prints
what it saw.
"""

import base64
import codecs
import json
import marshal
import os
import pickle
import resource
import stat
import sys
import tempfile
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path

import h5py
import keras
import numpy as np

import keras_charrnn as kc

HUGE = 10**12
SECRET = "secret"  # files that nobody is to open


class Order:
    """Makes a folder when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("executed",)


def member_of(model):
    """The members of a model's file."""
    model.save("good.keras")
    with zipfile.ZipFile("good.keras") as file:
        return {name: file.read(name) for name in file.namelist()}


def good():
    return member_of(kc.CharRNN(kc.Vocabulary("ab"), 4, embedding_dim=2))


def old():
    """The members of a model of Keras that can be converted."""
    layers = keras.layers
    recurrent = [layers.Embedding(2, 3), layers.LSTM(4, return_sequences=True)]
    chain = [keras.Input((None,)), *recurrent, layers.Dense(2)]
    return member_of(keras.Sequential(chain))


def write(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, value in members.items():
            file.writestr(name, value)


def of_keras(kind, **config):
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": "x", **config},
        "registered_name": None,
        "build_config": {"input_shape": [None, None, 4]},
    }


def function(module, name):
    part = {"module": module, "class_name": "function", "config": name}
    return {**part, "registered_name": name}


def marshalled():
    """A lambda as Keras writes it, which makes a folder."""
    code = compile("(lambda x: __import__('os').mkdir('executed'))", "", "eval")
    raw = marshal.dumps(code.co_consts[0])
    text = base64.b64encode(raw).decode()
    value = {"code": text, "defaults": None, "closure": None}
    return {"class_name": "__lambda__", "config": {"value": value}}


def layers():
    """Layers that run code, read files, or connect; by the hole they stand for."""
    url = {"origin": "http://127.0.0.1:9/x", "fname": "x"}
    get_file = function("keras.utils", "get_file")
    unsafe = function("keras.config", "enable_unsafe_deserialization")
    shell = function("os", "system")
    raw = base64.b64encode(pickle.dumps(Order())).decode()
    secret = os.path.abspath(SECRET)
    return {
        "CVE-2024-3660": of_keras("Lambda", function=marshalled()),
        "CVE-2025-1550": of_keras("Lambda", function=shell, arguments={"x": "id"}),
        "CVE-2025-8747": of_keras("Lambda", function=get_file, arguments=url),
        "CVE-2025-9906": of_keras("Lambda", function=unsafe),
        "CVE-2025-12058": of_keras("StringLookup", vocabulary=secret),
        "CVE-2025-12060": of_keras(
            "Lambda", function=get_file, arguments={**url, "extract": True}
        ),
        "text vectorization": of_keras("TextVectorization", vocabulary=secret),
        "integer lookup": of_keras("IntegerLookup", vocabulary=secret),
        "saved model": of_keras("TFSMLayer", filepath=secret),
        "pickled module": of_keras(
            "TorchModuleWrapper", module={"class_name": "__bytes__", "config": raw}
        ),
        "jax layer": of_keras("JaxLayer", call_fn=shell),
        "flax layer": of_keras("FlaxLayer", module=shell),
        "activation": of_keras("Dense", units=2, activation=shell),
        "initializer": of_keras("Dense", units=2, kernel_initializer=get_file),
        "import": {**of_keras("Canary"), "module": "canary"},
        "import of Keras": {**of_keras("File"), "module": "keras.src.utils.file_utils"},
        "registered name": {
            **of_keras("Lambda", function=marshalled()),
            "registered_name": "Dense",
        },
        "type": {
            "class_name": "__typespec__",
            "spec_name": "system",
            "module": "os",
            "registered_name": "system",
            "config": ["id"],
        },
        "units": of_keras("Dense", units=10**9),
        "escapes": {**of_keras("\x1b]0;x\x07\u202e"), "module": "\x1b[2J"},
    }


def with_head(members, layer):
    config = json.loads(members["config.json"])
    config["config"]["head"] = layer
    return {**members, "config.json": json.dumps(config)}


def with_layer(members, layer):
    config = json.loads(members["config.json"])
    config["config"]["layers"].append(layer)
    return {**members, "config.json": json.dumps(config)}


def weights():
    """HDF5 files that lead elsewhere, or ask for more than they hold."""
    Path(SECRET).write_bytes(b"secret" * 99)
    with h5py.File("secret.h5", "w") as file:
        file["x"] = np.zeros(8, "f4")
    whole = h5py.VirtualLayout((8,), "f4")
    whole[:] = h5py.VirtualSource(os.path.abspath("secret.h5"), "x", (8,))
    endless = h5py.VirtualLayout((8,), "f4", maxshape=(None,))
    source = h5py.VirtualSource("secret.h5", "x", (8,), "f4", (None,))
    endless[0 : h5py.h5s.UNLIMITED] = source[0 : h5py.h5s.UNLIMITED]
    outside = [(os.path.abspath(SECRET), 0, 32)]
    shape = {"shape": (HUGE,), "dtype": "f4", "chunks": (1 << 20,)}
    zeros = {"data": np.zeros(1 << 23, "f4"), "compression": "gzip"}

    def own_filter(file):
        dtype, space = h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((8,))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((8,))
        with suppress(ValueError):  # the filter is on no machine
            plist.set_filter(32_000, h5py.h5z.FLAG_OPTIONAL, (1,))
        h5py.h5d.create(file.id, b"x", dtype, space, plist)

    def circle(file):
        file["a/b"] = file["/"]
        file["a/x"] = h5py.SoftLink("/a")

    return {
        "CVE-2026-1669": lambda f: f.create_dataset("x", (8,), "f4", external=outside),
        "external link": lambda f: f.__setitem__(
            "x", h5py.ExternalLink("secret.h5", "/x")
        ),
        "soft link": lambda f: f.__setitem__("x", h5py.SoftLink("/y")),
        "virtual": lambda f: f.create_virtual_dataset("x", whole),
        "endless virtual": lambda f: f.create_virtual_dataset("x", endless),
        "shape bomb": lambda f: f.create_dataset("x", **shape),
        "gzip bomb": lambda f: f.create_dataset("x", **zeros),
        "filter": own_filter,
        "circle": circle,
        "name": lambda f: f.__setitem__("\x1b[2J", np.zeros(2, "f4")),
        "objects": lambda f: f.__setitem__("x", ["a", "b"]),
    }


def hdf5(data, change):
    """Put something more into an HDF5 file."""
    Path("changed.h5").write_bytes(data)
    with h5py.File("changed.h5", "r+") as file:
        change(file)
    return Path("changed.h5").read_bytes()


def archives(members, own):
    """Zip files that lead elsewhere, or ask for more than they hold."""

    def special(name, mode=0, value=b"x", **facts):
        def make(path):
            write(path, members)
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as file:
                warnings.simplefilter("ignore")
                file.writestr(info, value, **facts)

        return make

    def blanks(path):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("model.weights.h5", members["model.weights.h5"])
            with file.open("config.json", "w", force_zip64=True) as config:
                for _ in range(200):
                    config.write(b" " * (1 << 20))

    def changed(value):
        return lambda path: write(path, {**members, "config.json": value})

    def setting(**settings):
        config = json.loads(members["config.json"])
        config["config"].update(settings)
        return changed(json.dumps(config))

    sizes = {
        "asset": special("assets/x.txt"),
        "units of all layers": setting(units=[8] * 20_000),
        "unit": setting(units=[10**9]),
        "width": setting(embedding_dim=10**9),
        "vocabulary": setting(vocabulary=3),
    }
    return (sizes if own else {}) | {
        "parent": special("../out"),
        "root": special("/out"),
        "drive": special("c:/out"),
        "backslash": special("..\\out"),
        "link": special("assets/x", stat.S_IFLNK | 0o777, b"/etc/hosts"),
        "twice": special("config.json"),
        "blanks": blanks,
        "deep": changed("[" * 200_000),
        "nested": changed('{"a":' * 500 + "1" + "}" * 500),
        "list": changed("[]"),
        "number": changed("1" * 10_000),
        "class": changed('{"class_name": ["x"], "config": {}}'),
    }


def models(members):
    """Functions that write hostile `.keras` files, by name."""
    own = '"keras_charrnn' in members["config.json"].decode()
    put = with_head if own else with_layer
    found = {
        name: lambda path, x=layer: write(path, put(members, x))
        for name, layer in layers().items()
    }
    for name, change in weights().items():
        data = hdf5(members["model.weights.h5"], change)
        changed = {**members, "model.weights.h5": data}
        found[f"h5: {name}"] = lambda path, x=changed: write(path, x)
    return found | {f"zip: {n}": make for n, make in archives(members, own).items()}


def old_files(members):
    """Functions that write hostile `.h5` files, of models and of weights."""
    data = members["model.weights.h5"]
    config = json.loads(members["config.json"])

    def model(layer):
        def make(path):
            Path(path).write_bytes(data)
            with h5py.File(path, "r+") as file:
                text = json.dumps(
                    {
                        "class_name": "Sequential",
                        "config": {"layers": [*config["config"]["layers"], layer]},
                    }
                )
                file.attrs.create("model_config", text.encode(), dtype=f"S{len(text)}")
                file.create_group("model_weights").attrs["layer_names"] = []

        return make

    def lead(change):
        return lambda path: Path(path).write_bytes(hdf5(data, change))

    found = {f"CVE-2025-9905: {n}": model(layer) for n, layer in layers().items()}
    return found | {name: lead(change) for name, change in weights().items()}


def arrays():
    """Functions that write hostile `.npz` files."""

    def bomb(path):
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % HUGE
        header = header.ljust(117) + b"\n"
        start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
        write(path, {"ids.npy": start + header})

    def objects(path):
        np.savez(path, ids=np.array([Order()], dtype=object))

    def zeros(path):
        np.savez_compressed(path, ids=np.zeros(1 << 24, "uint8"))

    return {"header": bomb, "objects": objects, "zeros": zeros}


def corpora():
    """Functions that write hostile corpora."""

    def header(shape, descr="|u1"):
        def make(path):
            about = {"descr": descr, "fortran_order": False, "shape": shape}
            with open(path, "wb") as file:
                np.lib.format.write_array_header_1_0(file, about)
                file.write(b"\0" * 9)

        return make

    def objects(path):
        np.save(path, np.array([Order()], dtype=object), allow_pickle=True)

    def behind(text):
        def make(path):
            header((9,))(path)
            with open(path, "ab") as file:
                file.write(text.encode())

        return make

    vocabulary = {"characters": "ab", "documents": 3}
    return {
        "huge": header((HUGE,)),
        "negative": header((-1,)),
        "flat": header((3, 3)),
        "floats": header((9,), "<f8"),
        "objects": objects,
        "deep": behind("[" * 100_000),
        "files": behind(
            json.dumps(
                {"vocabulary": {"characters": "ab"}, "files": [["a", 9], ["b", 2]]}
            )
        ),
        "documents": behind(json.dumps({"vocabulary": vocabulary, "files": []})),
    }


def vocabularies():
    """Texts that are no vocabularies, by name."""
    return {
        "deep": "[" * 100_000,
        "list": "[]",
        "number": "7",
        "none": "",
        "code": '{"characters": {"__reduce__": 1}}',
        "long": '{"characters": ["aa"]}',
        "documents": '{"characters": "ab", "documents": ["x"]}',
        "flag": '{"characters": "ab", "lowercase": "yes"}',
        "unknown": '{"characters": "ab", "\x1b": 1}',
        "escape": '{"characters": "ab", "newline": "\\u001b[2J"}',
    }


def cases():
    """What reads each file, and how to write it: name -> (read, write, ending)."""
    ours, theirs = good(), old()
    found = {}
    for name, make in models(ours).items():
        found[f"load_model: {name}"] = (kc.load_model, make, "x.keras")
    for name, make in models(theirs).items():
        found[f"from_keras: {name}"] = (converted, make, "x.keras")
    for name, make in old_files(theirs).items():
        found[f"from_keras, HDF5: {name}"] = (converted, make, "x.weights.h5")
    session = kc.CharRNN(kc.Vocabulary("ab"), 4, embedding_dim=2).session("a")
    for name, make in arrays().items():
        found[f"session: {name}"] = (session.load, make, "x.npz")
    for name, make in corpora().items():
        found[f"corpus: {name}"] = (kc.Corpus.load, make, "x.npy")
    for name, text in vocabularies().items():
        found[f"vocabulary: {name}"] = (
            lambda _, text=text: kc.Vocabulary.from_json(text),
            lambda path: Path(path).touch(),
            "x.json",
        )
    return found


def converted(path):
    return kc.from_keras(path, "ab")


# What is seen

_FORBIDDEN = ("marshal.", "pickle.", "socket.", "subprocess.", "urllib.", "ctypes.dl")
_CALLS = {
    *("os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile"),
    *("os.mkdir", "os.symlink", "os.link", "os.rename", "os.chmod", "os.putenv"),
}


def reads_of_secrets():
    """Return a function that says whether a secret was opened, by C code, too."""
    if sys.platform != "linux":
        return lambda: False
    import ctypes

    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    opened = 0x20
    for name in (SECRET, "secret.h5"):
        assert libc.inotify_add_watch(watch, os.path.abspath(name).encode(), opened) > 0

    def read():
        with suppress(BlockingIOError):
            return len(os.read(watch, 4096)) > 0
        return False

    return read


def watched():
    """Read every file, and return what happened meanwhile."""
    seen = []
    libraries = [os.path.realpath(p) for p in (sys.prefix, sys.base_prefix)]
    libraries += [os.path.realpath(Path(kc.__file__).parent)]
    temporary = os.path.realpath(tempfile.gettempdir())
    here = os.path.realpath(os.getcwd())
    watching = False

    def allowed(path):
        if not isinstance(path, str | bytes | os.PathLike):
            return True  # a number of a file that is open
        path = os.path.realpath(os.fsdecode(path))
        if path.startswith(here + os.sep):
            return os.path.basename(path).startswith("x.")
        return path.startswith((*libraries, temporary, "/proc/", "/sys/", "/dev/null"))

    def hook(event, arguments):
        if not watching:
            return
        if event == "open":
            if not allowed(arguments[0]):
                seen.append(f"open {arguments[0]}")
        elif event == "os.mkdir" and temporary in os.path.realpath(arguments[0]):
            pass  # where a copy with the config of today is made
        elif event in _CALLS or event.startswith(_FORBIDDEN):
            seen.append(f"{event} {str(arguments)[:80]}")
        elif event == "import" and arguments[0] not in sys.modules:
            seen.append(f"import {arguments[0]}")

    everything = cases()
    # What reading needs is imported now.
    write("x.keras", good())
    kc.load_model("x.keras")
    write("x.keras", old())
    converted("x.keras")
    codecs.lookup("ascii")
    sys.path.insert(0, os.getcwd())
    Path("canary.py").write_text("import os; os.mkdir('executed')")
    sys.addaudithook(hook)
    secrets = reads_of_secrets()
    found = {}
    for name, (read, make, path) in everything.items():
        make(path)
        secrets()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        watching = True
        try:
            read(path)
            result = "was read"
        except Exception as error:  # noqa: BLE001
            kind = ValueError if isinstance(error, ValueError) else type(error)
            result = f"{kind.__name__}: {error}"
        finally:
            watching = False
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if secrets():
            seen.append("a secret was opened")
        if Path("executed").exists():
            os.rmdir("executed")
            seen.append("code was executed")
        found[name] = {
            "result": result,
            "seen": seen.copy(),
            "grown": after - before,
            "size": os.path.getsize(path),
        }
        seen.clear()
        os.remove(path)
    if sys.platform == "linux":  # what watches does watch
        with h5py.File("e.h5", "w") as file:
            file["x"] = h5py.ExternalLink("secret.h5", "/x")
            assert file["x"].shape == (8,)
        assert secrets()
    return found


def main():
    os.chdir(sys.argv[1])
    Path("found.json").write_text(json.dumps(watched(), indent=1))


if __name__ == "__main__":
    main()
