"""What Sphinx makes the site with; `python -m website` has put its sources together."""

project = "The broken-window kit"
copyright = "the broken-window kit authors, MIT licence"  # noqa: A001 - Sphinx's name
extensions = ["myst_nb"]
# What the notebooks show is stored in them; nothing is run, so nothing but the pages is needed.
nb_execution_mode = "off"
nb_merge_streams = True
# Stored outputs have no widgets that Jupyter's own scripts would have to be loaded for, from elsewhere.
nb_ipywidgets_js: dict[str, object] = {}
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["mystnb.unknown_mime_type", "misc.highlighting_failure"]
html_theme = "sphinx_book_theme"
html_title = "The broken-window kit"
html_static_path = ["static"]
html_css_files = ["site.css", "deploy.css"]
html_js_files = [("site.js", {"defer": "defer"}), ("recorded.js", {"type": "module"})]
html_favicon = "docs/language/window.svg"
html_context = {"default_mode": "auto"}
# Pictures that a page names in HTML of its own, which Sphinx does not read.
html_extra_path = ["extra"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_navbar_depth": 1,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "use_source_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
