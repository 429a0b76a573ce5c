import inspect
from typing import Any

import keras_charrnn

project = "keras_charrnn"
author = "The keras_charrnn authors"
project_copyright = f"2026, {author}"
release = version = keras_charrnn.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]
autodoc_member_order = "bysource"
autodoc_typehints = "none"
exclude_patterns = ["_build"]
# The tutorials run when the docs are built; a cell that fails, fails the build.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
napoleon_custom_sections = [("Call arguments", "params_style")]
html_theme = "furo"
html_title = f"keras_charrnn {release}"


def true_signature(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: Any, returns: Any
) -> tuple[str, None] | None:
    """Show what a class takes where Keras' `__new__` takes anything."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    found = inspect.signature(obj)
    bare = [p.replace(annotation=p.empty) for p in found.parameters.values()]
    return str(inspect.Signature(bare)), None


def setup(app: Any) -> None:
    app.connect("autodoc-process-signature", true_signature)
