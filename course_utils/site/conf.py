"""What Sphinx is told; it takes every name here that it knows for a setting of its own."""

from course_utils import claims
from course_utils.site.doors import repository

project = html_title = "PyTorch and TensorFlow, side by side"
language = "en"
extensions = ["myst_nb", "sphinx_copybutton", "course_utils.site.twins"]
nb_execution_mode = "off"
# No page has maths; what draws it would come from another machine.
myst_enable_extensions = ["amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing_html"]
html_theme = "sphinx_book_theme"
html_static_path = ["static"]
html_css_files = ["course.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_favicon = "static/favicon.svg"
html_use_index = html_show_sphinx = html_copy_source = html_show_copyright = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "home_page_in_toc": True,
    "navbar_persistent": [],
    "navbar_start": [],
    "navbar_center": [],
    "navbar_end": [],
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "logo": {"text": project},
    "footer_content_items": ["extra-footer.html"],
    "extra_footer": (
        "Code: BSD 3-Clause. Text and pictures: CC BY 4.0, the course's authors. "
        f"The claims are quoted from {claims.article()}."
        + (f" <a href='{repository()}'>The course's repository</a>." if repository() else "")
    ),
}
copybutton_selector = "div.cell_input div.highlight pre"
