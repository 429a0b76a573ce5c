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
