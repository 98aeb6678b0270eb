"""Pages looked at as a browser reads them: what in them could act."""

import re
from html.parser import HTMLParser

from mldiag.report.page import _text

LOUD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, colours it, or turns the order of its letters."""


class Page(HTMLParser):
    """What of a page could act: scripts, handlers, addresses."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.scripts, self.acting, self.inside, self.tags = [], [], "", set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.inside = tag
        for name, value in attrs:
            address = re.sub(r"[\s\x00-\x1f]", "", value or "").lower()
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "action"):
                self.acting.append((tag, name, value))
            if name in ("href", "src", "xlink:href") and not address.startswith(
                ("#", "data:image/", "data:,", "http://", "https://")
            ):
                self.acting.append((tag, name, value))

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)


OURS = {
    "html", "head", "meta", "link", "title", "style", "body", "a", "header", "p", "span", "main", "section",
    "h1", "h2", "h3", "div", "strong", "svg", "line", "circle", "path", "code", "dl", "dt", "dd", "nav", "ul",
    "li", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "footer", "script", "br", "img",
    "figure", "caption",
}  # fmt: skip


def our_script():
    """The one script that a page of ours has."""
    return str(_text("page.js"))
