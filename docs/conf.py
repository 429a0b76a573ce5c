import keras_charrnn

project = "keras_charrnn"
author = "The keras_charrnn authors"
project_copyright = f"2026, {author}"
release = version = keras_charrnn.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"
exclude_patterns = ["_build"]
napoleon_custom_sections = [("Call arguments", "params_style")]
html_theme = "furo"
html_title = f"keras_charrnn {release}"
