"""HDF5: a file that holds its own data, and nothing else, may be read.

HDF5 has links into other files, datasets whose bytes lie in another file, datasets that
are put together from others, filters that are loaded as programs, and shapes that
nothing is stored for. None of these is in a file of weights.
"""

import math
from collections.abc import Iterator

import h5py

from keras_charrnn._platform import shown

# How many times as large as in the file a compressed dataset may become.
_EXPANSION = 64
_SMALL = 1 << 20
_MOST_OBJECTS = 100_000
_LONGEST_NAME = 4096

# Numbers; Keras stores bfloat16 as bytes without a meaning.
_KINDS = "fiubV"

# Filters that are a part of HDF5 itself; others are looked for in folders of programs.
_FILTERS = {
    h5py.h5z.FILTER_DEFLATE,
    h5py.h5z.FILTER_SHUFFLE,
    h5py.h5z.FILTER_FLETCHER32,
}


def check_hdf5(file: h5py.File) -> None:
    """Check that a file holds its own data alone, before any of it is read.

    Args:
        file: The file, open.

    Raises:
        ValueError: If something in it lies elsewhere, or asks for more than it is.
    """
    for place, reason in _faults(file):
        raise ValueError(f"{place!r} {reason}")


def _faults(file: h5py.File) -> Iterator[tuple[str, str]]:
    seen = set()
    groups: list[tuple[str, h5py.Group]] = [("", file)]
    while groups:
        place, group = groups.pop()
        # A group may be in itself by another name.
        number = h5py.h5o.get_info(group.id).addr
        if number in seen:
            continue
        seen.add(number)
        yield from _faults_of_attributes(place or "/", group)
        for key in group:
            here = f"{place}/{key}"
            if len(seen) > _MOST_OBJECTS or len(here) > _LONGEST_NAME:
                yield here[:60], "is one of too many objects, or too deep"
            if shown(key) != key:
                yield here, "has a name that no layer has"
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                yield here, "is in another place: it is a link, and no data"
            item = group.get(key)
            if isinstance(item, h5py.Group):
                groups.append((here, item))
            elif isinstance(item, h5py.Dataset):
                seen.add(h5py.h5o.get_info(item.id).addr)
                yield from _faults_of_attributes(here, item)
                yield from _faults_of_dataset(here, item)
            else:
                yield here, "is neither a group nor an array"


def _faults_of_dataset(place: str, item: h5py.Dataset) -> Iterator[tuple[str, str]]:
    settings = item.id.get_create_plist()
    if item.external or settings.get_layout() == h5py.h5d.VIRTUAL:
        yield place, "is in another file"
        return
    if item.dtype.kind not in _KINDS:
        yield place, f"is of dtype {item.dtype}, and holds no numbers"
    filters = {settings.get_filter(i)[0] for i in range(settings.get_nfilters())}
    if not filters <= _FILTERS:
        yield place, f"is packed by the filters {sorted(filters)}, which are not known"
    size = math.prod(item.shape or ()) * item.dtype.itemsize
    stored = item.id.get_storage_size()
    if size > stored if not filters else size > _SMALL + _EXPANSION * stored:
        yield place, f"takes {stored:,} bytes and asks for {size:,}"


def _faults_of_attributes(
    place: str, item: h5py.Group | h5py.Dataset
) -> Iterator[tuple[str, str]]:
    # Attributes lie in the file itself, and can't be packed. A text of variable length
    # has its length beside it.
    if len(item.attrs) > _MOST_OBJECTS:
        yield place, "has too many attributes"
