"""A person at a browser without script: opens pages, reads them as people do, fills forms and presses buttons."""

from __future__ import annotations

import contextvars
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString
from flask import Flask
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse

from prima import assets, trimming

INLINE = re.compile("a|abbr|b|bdi|bdo|cite|code|data|em|i|kbd|label|mark|q|s|samp|small|span|strong|su[bp]|time|u|var")
UNSEEN = frozenset(("script", "style", "template", "head", "datalist"))
NOT_FILLED = ("hidden", "submit", "button", "image", "reset")
SURROUNDINGS = ("tr", "li", "fieldset", "section", "article", "details")

ERROR_SUMMARY = ".error-summary"
MESSAGES = "[role=status], [role=alert]:not(.error-summary)"


class Browser:
    """One person's browser, with cookies of its own."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def open(self, url: str) -> Page:
        return self.request("GET", url)

    def request(self, method: str, url: str, **arguments) -> Page:
        """Send it and follow where it leads. A fresh context each time, so that nobody is taken for somebody else."""
        url = urldefrag(url).url
        arguments = {"follow_redirects": True, "buffered": True, **arguments}
        response = contextvars.Context().run(self.client.open, url, method=method, **arguments)
        return Page(self, response)


class Page:
    """What the person sees, and what can be done there. `response` is Werkzeug's, with its headers and history."""

    def __init__(self, browser: Browser, response: TestResponse) -> None:
        self.browser = browser
        self.response = response
        self.status = response.status_code
        self.address = response.request.url
        parts = urlsplit(self.address)
        self.url = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.content = response.get_data()
        self.html = self.content.decode("utf-8", "replace") if response.mimetype == "text/html" else ""
        self._files: dict[int, tuple[str, bytes]] = {}

    def __repr__(self) -> str:
        return f"<Page {self.status} {self.url} {self.title!r}>"

    # -- reading ------------------------------------------------------------------------------------------------------

    @cached_property
    def soup(self) -> BeautifulSoup:
        """Read when somebody looks: many a page is only passed."""
        return BeautifulSoup(self.html, "lxml")

    @property
    def main(self) -> Tag:
        return self.soup.find("main") or self.soup

    @property
    def title(self) -> str:
        return words(self.soup.title)

    @property
    def heading(self) -> str:
        return words(self.soup.h1)

    @property
    def text(self) -> str:
        return words(self.soup.body)

    @property
    def messages(self) -> list[str]:
        """What the page answers to the last action."""
        found = [message for message in self.soup.select(MESSAGES) if not unseen(message)]
        return [seen(message) for message in outermost(found) if seen(message)]

    @property
    def errors(self) -> list[str]:
        """What the error summary lists; without a list, all that it says."""
        summaries = outermost(summary for summary in self.soup.select(ERROR_SUMMARY) if not unseen(summary))
        return [seen(item) for summary in summaries for item in summary.find_all("li") or [summary]]

    @property
    def buttons(self) -> list[str]:
        """What can be pressed in the main content."""
        return [name_of(button) for button in buttons_in(self.main)]

    @property
    def links(self) -> list[str]:
        return [name_of(link) for link in links_in(self.main)]

    @property
    def captions(self) -> list[str]:
        return [words(caption) for caption in named(self.soup, "caption")]

    def table(self, caption: str) -> Table:
        tables = [(words(table.caption), table) for table in named(self.soup, "table") if not unseen(table)]
        return Table(choose("table", caption, tables))

    def rows(self, caption: str) -> list[list[str]]:
        return self.table(caption).rows

    def headings(self, caption: str) -> list[str]:
        return self.table(caption).headings

    def definition(self, term: str) -> str:
        """What a definition list says about a term; several answers are joined by commas."""
        term = choose("term", term, [(words(dt), dt) for dt in named(self.soup, "dt") if not unseen(dt)])
        answers = []
        for sibling in term.find_next_siblings(["dt", "dd"]):
            if sibling.name == "dd":
                answers.append(words(sibling))
            elif answers:
                break
        return ", ".join(answers)

    # -- doing --------------------------------------------------------------------------------------------------------

    def follow(self, link: str, *, within: str = "") -> Page:
        """Follow a link by its words; `within` names words of its row, list item, fieldset or section."""
        found = nearest_to(self, [(name_of(link), link) for link in links_in(self.main)], link, links_in)
        by_target = {(name, urljoin(self.address, element["href"])): element for name, element in narrow(found, within)}
        element = choose("link", link, [(name, element) for (name, _), element in by_target.items()])
        return self._go("GET", urljoin(self.address, element["href"]))

    def fill(self, label: str, value, *, within: str = "") -> Page:
        """Set the control with this label, legend, or legend and label; chainable.

        `value` is text, a number or a date; an option's words or value; True or False for a box; a list for several
        boxes or options; (file name, bytes) for a file.
        """
        self._control(label, within).set(value, self._files)
        return self

    def value(self, label: str, *, within: str = "") -> str | bool | list[str]:
        """What the control holds now, read as `fill` writes it."""
        return self._control(label, within).get()

    @property
    def labels(self) -> list[str]:
        return [control.names[0] for control in self._controls]

    def press(self, button: str, *, within: str = "") -> Page:
        """Press a button by its words and send its form, with all that stands in it."""
        found = nearest_to(self, [(name_of(button), button) for button in buttons_in(self.main)], button, buttons_in)
        element = choose("button", button, narrow(found, within))
        form = owner(element, self.soup)
        assert form is not None, f"The button {button!r} belongs to no form."
        action = element.get("formaction") or form.get("action") or self.address
        target = urljoin(self.address, action)
        pairs, files = self._contents(form, element)
        if (element.get("formmethod") or form.get("method") or "get").lower() != "post":
            query = urlencode([*pairs, *((name, filename) for name, (filename, _) in files)])
            return self._go("GET", f"{urldefrag(target).url.partition('?')[0]}?{query}")
        enctype = element.get("formenctype") or form.get("enctype") or ""
        if enctype.lower() == "multipart/form-data":
            uploads = [(name, FileStorage(io.BytesIO(body), filename)) for name, (filename, body) in files]
            return self._go("POST", target, data=MultiDict([*pairs, *uploads]), content_type="multipart/form-data")
        assert not any(filename for _, (filename, _) in files), (
            f"The form of {button!r} would send only the file's name: it needs enctype multipart/form-data."
        )
        body = urlencode([*pairs, *((name, "") for name, _ in files)])
        return self._go("POST", target, data=body, content_type="application/x-www-form-urlencoded")

    def _go(self, method: str, target: str, **arguments) -> Page:
        here, there = urlsplit(self.address), urlsplit(target)
        assert there.netloc == here.netloc, f"{target} leads out of the application."
        url = f"{there.path}?{there.query}" if there.query else there.path
        base_url = f"{here.scheme}://{here.netloc}/"
        return self.browser.request(method, url, base_url=base_url, headers={"Referer": self.address}, **arguments)

    def _contents(self, form: Tag, button: Tag) -> tuple[list, list]:
        """The form's names and values as a browser sends them, files apart."""
        pairs, files = [], []
        for element in named(self.soup, "input", "select", "textarea", "button"):
            name = element.get("name")
            if not name or owner(element, self.soup) is not form or disabled(element):
                continue
            kind = kind_of(element)
            if element is button:
                pairs.append((name, element.get("value", "")))
            elif element.name == "button" or kind in ("submit", "button", "image", "reset"):
                continue
            elif kind == "file":
                files.append((name, self._files.get(id(element), ("", b""))))
            elif kind in ("checkbox", "radio"):
                if element.has_attr("checked"):
                    pairs.append((name, element.get("value", "on")))
            elif kind == "select":
                pairs += [(name, option_value(option)) for option in chosen(element)]
            else:
                pairs.append((name, re.sub(r"\r\n|\r|\n", "\r\n", text_in(element))))
        return pairs, files

    def _control(self, label: str, within: str) -> Control:
        controls, main = self._controls, self.main
        inside_main = [control for control in controls if any(one is main for one in control.elements[0].parents)]
        for candidates in (inside_main, controls):
            known = [(name, control) for control in candidates for name in control.names]
            if any(same(name, label) for name, _ in known):
                break
        chosen_one = [
            (name, control) for name, control in known if not within or surrounded(control.elements[0], within)
        ]
        return choose("field", label, chosen_one)

    @cached_property
    def _controls(self) -> list[Control]:
        """Each thing that can be filled; boxes and radio buttons stand alone and, by their legend, together."""
        controls, groups, labels = [], {}, labels_of(self.soup)
        for element in named(self.soup, "input", "select", "textarea"):
            if kind_of(element) in NOT_FILLED or unseen(element):
                continue
            label, legend = label_of(element, self.soup, labels), legend_of(element, self.soup)
            controls.append(Control([element], distinct([label, f"{legend} {label}".strip()]), [label]))
            if kind_of(element) in ("checkbox", "radio") and legend:
                group = groups.setdefault((legend, element.get("name"), id(owner(element, self.soup))), ([], []))
                group[0].append(element)
                group[1].append(label)
        for (legend, _, _), (elements, labels) in groups.items():
            controls.append(Control(elements, [legend], labels, together=True))
        return controls

    # -- judging ------------------------------------------------------------------------------------------------------

    def check(self) -> Page:
        """Hold the page against what every page keeps; all that is wrong is named at once."""
        elements, sight = tags(self.soup), readings(self.soup)
        wrong = [*structure(self.soup, elements, sight), *labels_missing(self.soup, elements, sight)]
        wrong += [*script_in(elements), *raw_values(self.soup, elements, sight), *style_missing(self.soup)]
        assert not wrong, f"{self.url} is not as every page must be:\n- " + "\n- ".join(wrong)
        return self


class Table:
    """A table by its words: heading row, data rows, and the rows of its foot."""

    def __init__(self, table: Tag) -> None:
        rows = [row for row in named(table, "tr") if row.find_parent("table") is table]
        head = [row for row in rows if row.find_parent("thead")]
        foot = [row for row in rows if row.find_parent("tfoot")]
        body = [row for row in rows if row not in head and row not in foot]
        if not head and body and not body[0].find("td"):
            head, body = body[:1], body[1:]
        self.caption = words(table.caption)
        self.headings = cells(head[-1]) if head else []
        self.rows = [cells(row) for row in body]
        self.totals = [cells(row) for row in foot]

    def column(self, heading: str) -> list[str]:
        position = choose("column", heading, [(name, place) for place, name in enumerate(self.headings)])
        return [row[position] for row in self.rows]


@dataclass
class Control:
    """What one label stands for: a single element, or the boxes or radio buttons under one legend."""

    elements: list[Tag]
    names: list[str]
    labels: list[str]
    together: bool = False

    def set(self, value, files: dict[int, tuple[str, bytes]]) -> None:
        element, kind = self.elements[0], kind_of(self.elements[0])
        assert not (disabled(element) or element.has_attr("readonly")), f"{self.names[0]!r} cannot be changed."
        if self.together:
            self._tick(value, single=kind == "radio")
        elif kind in ("checkbox", "radio"):
            assert isinstance(value, bool), f"{self.names[0]!r} is a box: True or False, not {value!r}."
            assert value or kind == "checkbox", f"{self.names[0]!r} is one of several: choose another instead."
            self._mark(element, value)
        elif kind == "select":
            self._select(element, value)
        elif kind == "file":
            filename, body = value
            files[id(element)] = (filename, body)
        elif element.name == "textarea":
            element.string = written(value)
        else:
            element["value"] = written(value)

    def get(self) -> str | bool | list[str]:
        element, kind = self.elements[0], kind_of(self.elements[0])
        if self.together:
            pairs = zip(self.labels, self.elements, strict=True)
            ticked = [label for label, box in pairs if box.has_attr("checked")]
            return ticked if kind == "checkbox" else "".join(ticked)
        if kind in ("checkbox", "radio"):
            return element.has_attr("checked")
        if kind == "select":
            options = [words(option) for option in chosen(element)]
            return options if element.has_attr("multiple") else "".join(options)
        return text_in(element)

    def _tick(self, value, *, single: bool) -> None:
        wanted = [value] if single or isinstance(value, str) else list(value)
        boxes = [*zip(self.labels, self.elements, strict=True)]
        found = [self._option(item, [(label, box.get("value", "on"), box) for label, box in boxes]) for item in wanted]
        for box in self.elements:
            box.attrs.pop("checked", None)
        for box in found:
            self._mark(box, True)

    def _mark(self, box: Tag, on: bool) -> None:
        if kind_of(box) == "radio":
            page = box.find_parents()[-1]
            for other in page.find_all("input", type="radio", attrs={"name": box.get("name")}):
                if owner(other, page) is owner(box, page):
                    other.attrs.pop("checked", None)
        if on:
            box["checked"] = ""
        else:
            box.attrs.pop("checked", None)

    def _select(self, element: Tag, value) -> None:
        several = isinstance(value, list | tuple | set)
        assert not several or element.has_attr("multiple"), f"{self.names[0]!r} takes one option, not {value!r}."
        options = named(element, "option")
        choices = [(words(option), option_value(option), option) for option in options if not disabled(option)]
        found = [self._option(item, choices) for item in (value if several else [value])]
        for option in options:
            option.attrs.pop("selected", None)
        for option in found:
            option["selected"] = ""

    def _option(self, wanted, choices: list[tuple[str, str, Tag]]) -> Tag:
        """By its words, else by its value."""
        for place in (0, 1):
            found = [choice[2] for choice in choices if choice[place] == written(wanted)]
            if found:
                assert len(found) == 1, f"{self.names[0]!r} offers {written(wanted)!r} {len(found)} times."
                return found[0]
        offered = [choice[0] or choice[1] for choice in choices]
        raise AssertionError(f"{self.names[0]!r} does not offer {written(wanted)!r}. It offers: {listed(offered)}")


# -- finding ----------------------------------------------------------------------------------------------------------


def choose(kind: str, wanted: str, candidates: list):
    """The one candidate with these words; AssertionError names what else is there."""
    found = [thing for name, thing in candidates if same(name, wanted)]
    if len({id(thing) for thing in found}) == 1:
        return found[0]
    names = distinct(name for name, _ in candidates)
    if not found:
        raise AssertionError(f"There is no {kind} {wanted!r}. There is: {listed(names)}")
    where = [surroundings(thing) for thing in found]
    raise AssertionError(f"There are {len(found)} of the {kind} {wanted!r}; say which. They stand in: {listed(where)}")


def same(name: str, wanted: str) -> bool:
    """Labels may carry a mark that the field is required or optional."""
    return name == wanted or re.sub(r"\s*(\*|\((required|optional)\))$", "", name) == wanted


def nearest_to(page: Page, in_main: list, wanted: str, everywhere) -> list:
    """The main content first; what is not there is looked for in the frame around it."""
    if any(same(name, wanted) for name, _ in in_main):
        return in_main
    return [(name_of(element), element) for element in everywhere(page.soup)]


def narrow(candidates: list, within: str) -> list:
    return [(name, element) for name, element in candidates if not within or surrounded(element, within)]


def surrounded(element: Tag, within: str) -> bool:
    return within in surroundings(element)


def surroundings(thing) -> str:
    element = thing.elements[0] if isinstance(thing, Control) else thing
    around = element.find_parent(SURROUNDINGS) or element.parent if isinstance(element, Tag) else None
    return words(around)


def listed(names: Iterable[str]) -> str:
    names = list(names)
    shown = ", ".join(repr(name) for name in names[:40]) or "nothing"
    return shown + (f" and {len(names) - 40} more" if len(names) > 40 else "")


def distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def outermost(elements: Iterable[Tag]) -> list[Tag]:
    elements = list(elements)
    return [one for one in elements if not any(other is not one and other in one.parents for other in elements)]


# -- reading elements -------------------------------------------------------------------------------------------------


def tags(part: Tag) -> list[Tag]:
    """The elements in a part of the page, in its order."""
    return [one for one in part.descendants if isinstance(one, Tag)]


def named(part: Tag, *names: str) -> list[Tag]:
    """Those of these names; find_all takes ten times as long."""
    return [one for one in part.descendants if isinstance(one, Tag) and one.name in names]


def words(element: Tag | None) -> str:
    """What a person reads in an element, in one line. Of a list of options only the chosen ones are in sight."""
    return " ".join(reading(element).split()) if element is not None else ""


def seen(element: Tag) -> str:
    """The same without the words that are only for those who listen."""
    return " ".join(reading(element, only_heard=False).split())


def reading(
    element: Tag, *, controls: bool = True, only_heard: bool = True, known: dict[int, str] | None = None
) -> str:
    """What stands in an element, with its white space; `known` takes the same of each element in sight in it."""
    parts = []
    for child in element.children:
        if isinstance(child, NavigableString):
            if not isinstance(child, PreformattedString):
                parts.append(child)
        elif hidden(child) or (not only_heard and "visually-hidden" in child.get("class", ())):
            continue
        elif child.name == "select":
            parts.append(" ".join(words(option) for option in chosen(child)) if controls else "")
            if known is not None:
                reading(child, known=known)
        elif child.name == "textarea" and not controls:
            continue
        else:
            inner = reading(child, controls=controls, only_heard=only_heard, known=known)
            parts.append(inner if is_inline(child.name) else f" {inner} ")
    found = "".join(parts)
    if known is not None:
        known[id(element)] = found
    return found


@cache
def is_inline(name: str) -> bool:
    return INLINE.fullmatch(name) is not None


def readings(page: Tag) -> dict[int, str]:
    """What stands in each element in sight, by its id() in Python: one walk through a page for all of them."""
    known: dict[int, str] = {}
    reading(page, known=known)
    return known


def hidden(element: Tag) -> bool:
    attributes = element.attrs
    return element.name in UNSEEN or (
        bool(attributes)
        and (
            "hidden" in attributes or attributes.get("aria-hidden") == "true" or "d-none" in attributes.get("class", ())
        )
    )


def unseen(element: Tag) -> bool:
    return any(hidden(one) for one in (element, *element.parents))


def disabled(element: Tag) -> bool:
    return element.has_attr("disabled") or any(
        parent.name == "fieldset" and parent.has_attr("disabled") for parent in element.parents
    )


def kind_of(element: Tag) -> str:
    """An input's or button's type; for the others their own name."""
    standard = {"input": "text", "button": "submit"}.get(element.name)
    return (element.get("type") or standard).lower() if standard else element.name


def buttons_in(part: Tag) -> list[Tag]:
    found = named(part, "button", "input")
    pressable = [one for one in found if kind_of(one) == "submit" or (one.name == "input" and kind_of(one) == "image")]
    return [button for button in pressable if not unseen(button) and not disabled(button)]


def links_in(part: Tag) -> list[Tag]:
    return [link for link in named(part, "a") if link.has_attr("href") and not unseen(link)]


def name_of(element: Tag) -> str:
    """The words of a link or button."""
    pictures = " ".join(picture.get("alt", "") for picture in named(element, "img"))
    own = element.get("value", "") if element.name == "input" else words(element)
    return element.get("aria-label") or own or element.get("alt") or pictures or element.get("title", "")


def labels_of(page: Tag) -> dict[str, list[Tag]]:
    """The labels of a page by the id of what they are for."""
    found: dict[str, list[Tag]] = {}
    for label in named(page, "label"):
        found.setdefault(label.get("for", ""), []).append(label)
    return found


def label_of(element: Tag, page: Tag, by_id: dict[str, list[Tag]]) -> str:
    """From its label, else what is said for those who only listen."""
    identity = element.get("id")
    labels = list(by_id.get(identity, ())) if identity else []
    around = next((one for one in element.parents if one.name == "label"), None)
    if around is not None and not any(around is label for label in labels):
        labels.append(around)
    text = " ".join(" ".join(reading(label, controls=False).split()) for label in labels)
    return text or spoken(element, page) or element.get("title", "")


def legend_of(element: Tag, page: Tag) -> str:
    groups = (one for one in element.parents if one.name == "fieldset" or one.get("role") in ("group", "radiogroup"))
    group = next(groups, None)
    if group is None:
        return ""
    return words(group.find("legend")) or spoken(group, page)


def spoken(element: Tag, page: Tag) -> str:
    named_by = (page.find(id=identity) for identity in element.get("aria-labelledby", "").split())
    return " ".join(words(one) for one in named_by if one is not None) or element.get("aria-label", "")


def owner(element: Tag, page: Tag) -> Tag | None:
    if element.has_attr("form"):
        return next((one for one in named(page, "form") if one.get("id") == element["form"]), None)
    return next((one for one in element.parents if one.name == "form"), None)


def chosen(select: Tag) -> list[Tag]:
    """The options a browser would send."""
    options = [option for option in named(select, "option") if not disabled(option)]
    picked = [option for option in options if option.has_attr("selected")]
    if select.has_attr("multiple"):
        return picked
    return picked[-1:] or options[:1]


def option_value(option: Tag) -> str:
    return option.get("value", words(option))


def text_in(element: Tag) -> str:
    """The value of a text field; a textarea's first line break belongs to the markup."""
    if element.name == "textarea":
        return re.sub(r"^\r?\n", "", element.get_text())
    return element.get("value", "")


def written(value) -> str:
    """A value as a person would type it."""
    return value.isoformat() if isinstance(value, date) else str(value)


def cells(row: Tag) -> list[str]:
    return [words(cell) for cell in row.find_all(["th", "td"], recursive=False)]


# -- what every page keeps --------------------------------------------------------------------------------------------

ENUM = re.compile(r"[A-Z]+(_[A-Z0-9]+)+|[a-z]+(_[a-z0-9]+)+")
REPRESENTATION = re.compile(r"\b[A-Z][a-z]\w+\.[A-Z]{2,}[A-Z_]*\b|<[\w.]+ object at 0x|\bDecimal\('")
CELLS = ["td", "th", "dd", "dt", "li", "option", "caption", "h1", "h2", "h3", "h4", "span", "p", "a", "button", "label"]
POINTERS = ("for", "aria-labelledby", "aria-describedby", "list", "form")
"""Attributes that name the id of another element, or several."""


def structure(page: Tag, elements: list[Tag], sight: dict[int, str]) -> Iterable[str]:
    if not words(page.title):
        yield "it has no title"
    if not (page.html and page.html.get("lang")):
        yield "html has no lang"
    for name in ("h1", "main"):
        found = [one for one in elements if one.name == name and id(one) in sight]
        if len(found) != 1:
            yield f"it has {len(found)} {name} instead of one"
    if page.h1 and not words(page.h1):
        yield "its h1 is empty"
    identities = Counter(element["id"] for element in elements if "id" in element.attrs)
    yield from (f"the id {name!r} stands {times} times" for name, times in identities.items() if times > 1)
    for element in elements:
        for attribute in POINTERS:
            missing = [name for name in element.attrs.get(attribute, "").split() if name not in identities]
            yield from (f"{attribute}={name!r} of {element.name} names nothing on the page" for name in missing)
        target = element.attrs.get("href", "") if element.name == "a" else ""
        if target[:1] == "#" and target[1:] and target[1:] not in identities:
            yield f"the link {words(element)!r} leads to {target}, which is not on the page"


def labels_missing(page: Tag, elements: list[Tag], sight: dict[int, str]) -> Iterable[str]:
    labels = labels_of(page)
    for element in elements:
        if element.name in ("input", "select", "textarea") and kind_of(element) not in NOT_FILLED:
            if id(element) in sight and not label_of(element, page, labels):
                yield f"the {kind_of(element)} field {element.get('name')!r} has no label"
        elif element.name == "img" and "alt" not in element.attrs:
            yield f"a picture has no alt: {element.get('src')}"
    for element in (*buttons_in(page), *links_in(page)):
        if not name_of(element).strip():
            yield f"a {element.name} has no words: {str(element)[:120]}"


def script_in(elements: list[Tag]) -> Iterable[str]:
    for element in elements:
        if element.name == "script" and not element.has_attr("src"):
            if element.get_text().strip() and element.get("type") != "application/json":
                yield f"script stands in the page: {element.get_text().strip()[:80]}"
        elif element.name == "style" and element.get_text().strip():
            yield f"style stands in the page: {element.get_text().strip()[:80]}"
        for name in element.attrs:
            if name == "style" or name.startswith("on"):
                yield f"{element.name} has the attribute {name}={element[name]!r}"
        if element.attrs.get("href", "").lower().startswith("javascript:"):
            yield f"the link {words(element)!r} is script"


def style_missing(page: Tag) -> Iterable[str]:
    """A class that Bootstrap knows, and that no word in our sources stands for: put together of parts."""
    found = {name for element in tags(page) for name in element.attrs.get("class", ())}
    return [f"Bootstrap's class {name!r} was cut out of the style that is served" for name in found & cut_out()]


@cache
def cut_out() -> frozenset[str]:
    path = assets._files()["bootstrap.min.css"]
    served = trimming.classes(assets._content(path.name, 0).decode())
    return frozenset(trimming.classes(path.read_text("utf-8")) - served)


def raw_values(page: Tag, elements: list[Tag], sight: dict[int, str]) -> Iterable[str]:
    everything = " ".join(sight[id(page)].split())
    for element in elements:
        if element.name in CELLS and id(element) in sight:
            text = sight[id(element)].strip()
            if text == "None" or ENUM.fullmatch(text):
                yield f"a {element.name} shows the raw value {text!r}"
    yield from (f"the text shows {found.group()!r}" for found in REPRESENTATION.finditer(everything))
