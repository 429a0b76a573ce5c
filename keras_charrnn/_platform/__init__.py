"""The platform: choice of a backend, memory, files and names, without Keras."""

from keras_charrnn._platform.checks import check_flag, check_positive
from keras_charrnn._platform.choice import (
    BACKENDS,
    choose,
    is_command,
    require,
)
from keras_charrnn._platform.damage import DamagedFile
from keras_charrnn._platform.files import check_writable, whole_file
from keras_charrnn._platform.limits import at_most, read_json, take, unlimited
from keras_charrnn._platform.memory import keep_freed_memory
from keras_charrnn._platform.names import register
from keras_charrnn._platform.npy import read_npy_header
from keras_charrnn._platform.seals import (
    SEAL_SIZE,
    append_seal,
    check_seal,
    read_seal,
)
from keras_charrnn._platform.shortage import is_out_of_memory
from keras_charrnn._platform.shown import Shower, shown

__all__ = [
    "BACKENDS",
    "SEAL_SIZE",
    "DamagedFile",
    "Shower",
    "append_seal",
    "at_most",
    "check_flag",
    "check_positive",
    "check_seal",
    "check_writable",
    "choose",
    "is_command",
    "is_out_of_memory",
    "keep_freed_memory",
    "read_json",
    "read_npy_header",
    "read_seal",
    "register",
    "require",
    "shown",
    "take",
    "unlimited",
    "whole_file",
]
