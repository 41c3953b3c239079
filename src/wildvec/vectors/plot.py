"""Pictures of vectors as SVG, without other packages.

In: keys, a matrix (n, dim), and panels of keys. Out: SVG text or a file. Each panel shows the first two
principal components of its vectors, a dot and a label for each key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.io.atomic import write_atomically

COLOURS = ["#4269d0", "#d9662b", "#2f9e5b", "#b5309a", "#8a6d3b", "#0f8b9d", "#c93a4c", "#6b5bb5"]
TEXT_COLOUR, LEGEND_COLOUR, BACKGROUND, PANEL_COLOUR = "#20242c", "#646b78", "#f1f0ec", "#fdfdfc"
FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"
LABEL, LETTER = 12.5, 0.58  # font size in pixels; mean width of a letter as a fraction of it
SPACE = (9, 1)  # least pixels between two labels, horizontal and vertical
MARGIN, TOP, BOTTOM = 104, 56, 30
DOT = 3.6
MAX_KEYS = 1_000  # in a panel: more are unreadable, and time and memory grow with their square

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass
class Label:
    """A dot and its text: the dot's position in pixels, the direction of its arrow, the box of the text."""

    text: str
    x: float
    y: float
    colour: str
    heading: tuple[float, float] = (0, 0)
    box: Box = (0, 0, 0, 0)


def project(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Return the first two principal components (n, 2) of rows (n, dim) that are first scaled to length 1.

    >>> project(np.eye(3)).shape
    (3, 2)
    """
    rows = np.asarray(matrix, np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows / np.where(norms > 0, norms, 1)
    rows = rows - rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows, full_matrices=False)
    axes = np.vstack([axes, np.zeros((2, rows.shape[1]))])[:2]
    # The sign of a component is arbitrary. Its largest element is made positive, so that pictures repeat.
    signs = np.sign(axes[[0, 1], np.abs(axes).argmax(axis=1)])
    return np.asarray(rows @ (axes * signs[:, None]).T)


@dataclass(frozen=True)
class Panel:
    """One part of a picture: groups of keys, one colour for each group, and pairs with an arrow between them."""

    title: str
    groups: Mapping[str, Sequence[Hashable]]
    arrows: Sequence[tuple[Hashable, Hashable]] = ()


def draw(
    keys: Sequence[Hashable],
    matrix: NDArray[Any],
    panels: Sequence[Panel] | None = None,
    *,
    title: str = "",
    width: int = 1280,
) -> str:
    """Return a picture of rows of the matrix (n, dim) as SVG text, with two panels side by side.

    keys: one for each row. panels: by default one panel of the first 100 keys. Keys of a panel without a
    vector are left out. Each panel has its own principal components. title: text above the panels. width:
    of the picture in pixels.

    Raises ValueError if a panel has no key with a vector or more than MAX_KEYS, or if a vector holds nan
    or inf.

    >>> draw(["a", "b", "c"], np.eye(3)).startswith("<svg")
    True
    """
    if panels is None:
        panels = [Panel("", {"": list(keys)[:100]})]
    rows = {key: row for row, key in enumerate(keys)}
    columns = min(2, len(panels))
    panel_width, top = width // columns, 54 if title else 8
    height = panel_width * 5 // 7
    body = []
    for number, panel in enumerate(panels):
        x, y = number % columns * panel_width, top + number // columns * height
        body.append(f'<g transform="translate({x} {y})">')
        body += _panel(panel, rows, matrix, panel_width, height)
        body.append("</g>")
    total = top + -(-len(panels) // columns) * height
    return "\n".join([*_frame(title, width, total), *body, "</svg>", ""])


def save(
    path: str | os.PathLike[str],
    keys: Sequence[Hashable],
    matrix: NDArray[Any],
    panels: Sequence[Panel] | None = None,
    *,
    title: str = "",
) -> None:
    """Write a picture to an SVG file. The arguments are those of `draw`; a failure leaves no partial file.

    >>> save("three.svg", ["a", "b", "c"], np.eye(3), title="Three vectors")
    """
    picture = draw(keys, matrix, panels, title=title)
    with write_atomically(path) as stream:
        stream.write(picture.encode())


def _panel(
    panel: Panel, rows: Mapping[Hashable, int], matrix: NDArray[Any], width: int, height: int
) -> list[str]:
    """Return the elements of a panel, relative to its upper left corner."""
    colours: dict[Hashable, str] = {}
    for members, colour in zip(panel.groups.values(), cycle(COLOURS), strict=False):
        colours |= {key: colour for key in members if key in rows and key not in colours}
    name = f"panel {panel.title!r}" if panel.title else "the picture"
    if len(colours) > MAX_KEYS:
        raise ValueError(f"{name} has {len(colours):,} keys; give at most {MAX_KEYS:,}")
    if not colours:
        raise ValueError(f"{name} is empty: none of its keys has a vector")
    order = {key: index for index, key in enumerate(colours)}
    chosen = np.asarray(matrix[[rows[key] for key in colours]], np.float64)
    finite = np.isfinite(chosen).all(axis=1)
    if not finite.all():
        key = list(colours)[int(finite.argmin())]
        raise ValueError(f"the vector of {key!r} holds nan or inf; leave it out of the picture")
    arrows = [(order[a], order[b]) for a, b in panel.arrows if a in order and b in order]
    points = _fit(project(chosen), width, height)
    if sum(points[b, 0] - points[a, 0] for a, b in arrows) < 0:
        points[:, 0] = width - points[:, 0]  # so that arrows point from left to right
    labels = [
        Label(str(key), x, y, colour)
        for (key, colour), (x, y) in zip(colours.items(), points.tolist(), strict=True)
    ]
    for a, b in arrows:
        x, y = (points[b] - points[a]) / max(1.0, float(np.hypot(*(points[b] - points[a]))))
        labels[a].heading, labels[b].heading = (x, y), (-x, -y)
    place_labels(labels, width, height)
    return [
        *_heading(panel, width, height),
        *(_arrow(labels[a], labels[b]) for a, b in arrows),
        *filter(None, map(_leader, labels)),
        *map(_dot, labels),
        # All halos before all texts. The attribute paint-order would do it at once, but some viewers ignore it.
        f'<g text-anchor="middle" fill="none" stroke="{PANEL_COLOUR}" stroke-width="3" stroke-linejoin="round" '
        'aria-hidden="true">',
        *map(_text, labels),
        f'</g><g text-anchor="middle" fill="{TEXT_COLOUR}">',
        *map(_text, labels),
        "</g>",
    ]


def place_labels(labels: list[Label], width: int, height: int) -> None:
    """Set the box of each label to a free position near its dot, in crowded regions first."""
    points = np.array([(label.x, label.y) for label in labels])
    gaps = np.abs(points[:, None] - points[None]) / (70, 24)
    crowd = (gaps.max(axis=2) < 1).sum(axis=1)
    taken = np.array([(x - DOT, y - DOT, x + DOT, y + DOT) for x, y in points.tolist()])
    for index in np.argsort(-crowd, kind="stable"):
        label = labels[index]
        boxes = np.array(_candidates(label))
        overlap = np.minimum(boxes[:, None, 2:], taken[None, :, 2:]) - np.maximum(
            boxes[:, None, :2], taken[None, :, :2]
        )
        inside = np.array([16, TOP - 14, 16 - width, BOTTOM - height])
        outside = np.clip(inside - boxes * [1, 1, -1, -1], 0, None).sum(axis=1)
        offsets = (boxes[:, :2] + boxes[:, 2:]) / 2 - (label.x, label.y)
        along = offsets @ label.heading / np.hypot(*offsets.T)
        cost = 10 * np.clip(overlap, 0, None).prod(axis=2).sum(axis=1) + 50 * outside
        cost += 12 * np.clip(along, -0.5, None) + np.arange(len(boxes)) * 0.8
        label.box = tuple(boxes[cost.argmin()].tolist())
        taken = np.vstack([taken, label.box + np.outer((-1, 1), SPACE).ravel()])


def _candidates(label: Label) -> list[Box]:
    """Return boxes for the text of a label around its dot, the best first."""
    wide, high = LABEL * LETTER * len(label.text), LABEL
    boxes = []
    for far in (0, 9, 19, 30, 42):
        side, up = DOT + 3 + far, DOT + 2 + far
        for left, top in (
            (side, -high / 2), (-side - wide, -high / 2),
            (-wide / 2, -up - high), (-wide / 2, up),
            (side * 0.7, -up - high * 0.7), (side * 0.7, up - high * 0.3),
            (-side * 0.7 - wide, -up - high * 0.7), (-side * 0.7 - wide, up - high * 0.3),
        ):  # fmt: skip
            x, y = label.x + left, label.y + top
            boxes.append((x, y, x + wide, y + high))
    return boxes


def _fit(components: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Return coordinates in pixels that fill the frame. In SVG, y points down."""
    low, high = components.min(axis=0), components.max(axis=0)
    unit = (components - low) / np.where(high > low, high - low, 1)
    frame = np.array([width - 2 * MARGIN, height - TOP - BOTTOM - 24])
    return np.asarray(np.array([MARGIN, TOP + 8]) + np.array([1, -1]) * unit * frame + [0, frame[1]])


def _frame(title: str, width: int, height: int) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{FONT}" font-size="{LABEL}">',
        f"<title>{_escape(title or 'vectors')}</title>",
        f'<rect width="{width}" height="{height}" fill="{BACKGROUND}"/>',
        f'<text x="24" y="38" font-size="21" font-weight="600" fill="{TEXT_COLOUR}">{_escape(title)}</text>',
    ]


def _heading(panel: Panel, width: int, height: int) -> list[str]:
    """Return the background of a panel, its title, and the legend right of the title."""
    lines = [
        f'<rect x="12" y="6" width="{width - 24}" height="{height - 18}" rx="10" fill="{PANEL_COLOUR}"/>',
        f'<text x="30" y="33" font-size="15" font-weight="600" fill="{TEXT_COLOUR}">{_escape(panel.title)}</text>',
    ]
    names = [name for name in panel.groups if name]
    x = width - 30 - sum(28 + LABEL * LETTER * len(name) for name in names)
    for name, colour in zip(names, cycle(COLOURS), strict=False):
        lines.append(f'<circle cx="{x + 5:.1f}" cy="28.5" r="4.5" fill="{colour}"/>')
        lines.append(f'<text x="{x + 14:.1f}" y="33" fill="{LEGEND_COLOUR}">{_escape(name)}</text>')
        x += 28 + LABEL * LETTER * len(name)
    return lines


def _dot(label: Label) -> str:
    return f'<circle cx="{label.x:.1f}" cy="{label.y:.1f}" r="{DOT}" fill="{label.colour}"/>'


def _leader(label: Label) -> str:
    """Return a line from a dot to its text if they are far apart, or an empty text."""
    left, top, right, bottom = label.box
    nearest_x, nearest_y = np.clip(label.x, left, right), np.clip(label.y, top, bottom)
    if np.hypot(nearest_x - label.x, nearest_y - label.y) <= 12:
        return ""
    return (
        f'<path d="M{label.x:.1f} {label.y:.1f}L{nearest_x:.1f} {nearest_y:.1f}" '
        f'stroke="{label.colour}" stroke-width="0.7" opacity="0.55"/>'
    )


def _text(label: Label) -> str:
    """Return the text of a label; its true width is not known, so it is aligned at the side of the dot."""
    left, _, right, bottom = label.box
    x, anchor = (left + right) / 2, ""
    if left > label.x:
        x, anchor = left, ' text-anchor="start"'
    elif right < label.x:
        x, anchor = right, ' text-anchor="end"'
    return f'<text x="{x:.1f}" y="{bottom - 2.5:.1f}"{anchor}>{_escape(label.text)}</text>'


def _arrow(a: Label, b: Label) -> str:
    """Return a thin arrow from one dot to another, or an empty text if they are near."""
    step = np.array([b.x - a.x, b.y - a.y])
    length = float(np.hypot(*step))
    if length < 4 * DOT:
        return ""
    along = step / length
    across = np.array([-along[1], along[0]])
    tip = np.array([b.x, b.y]) - along * (DOT + 2)
    start = np.array([a.x, a.y]) + along * (DOT + 2)
    left, right = tip - along * 6 + across * 2.6, tip - along * 6 - across * 2.6
    head = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, left, right))
    return (
        f'<g stroke="{b.colour}" fill="{b.colour}" opacity="0.45"><path stroke-width="1.1" '
        f'd="M{start[0]:.1f} {start[1]:.1f}L{tip[0]:.1f} {tip[1]:.1f}"/>'
        f'<polygon stroke="none" points="{head}"/></g>'
    )


def _escape(text: str) -> str:
    """Return text for XML; characters that XML forbids become U+FFFD."""
    return escape(FORBIDDEN.sub("\ufffd", text))
