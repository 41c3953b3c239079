"""A picture of vectors: the plane in which they differ most, as an SVG file without any extra."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.io.atomic import replacing

COLOURS = ["#4269d0", "#d9662b", "#2f9e5b", "#b5309a", "#8a6d3b", "#0f8b9d", "#c93a4c", "#6b5bb5"]
INK, FAINT, PAPER = "#20242c", "#6f7683", "#fbfbf9"
FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"
LABEL, LETTER = 12.5, 0.58  # font size in pixels; mean width of a letter in font sizes
MARGIN, TOP, BOTTOM = 56, 92, 34
DOT = 3.6

Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass
class Label:
    """A word, its dot's place in pixels, and where its text came to stand."""

    text: str
    x: float
    y: float
    colour: str
    box: Box = (0, 0, 0, 0)


def project(matrix: NDArray[Any]) -> NDArray[np.float64]:
    """Directions of the rows (n, dim) in their first two principal components: (n, 2).

    >>> project(np.eye(3)).shape
    (3, 2)
    """
    rows = np.asarray(matrix, np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows / np.where(norms > 0, norms, 1)
    rows = rows - rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows, full_matrices=False)
    axes = np.vstack([axes, np.zeros((2, rows.shape[1]))])[:2]
    # The sign of a component is arbitrary: its largest part is positive, so pictures repeat.
    signs = np.sign(axes[[0, 1], np.abs(axes).argmax(axis=1)])
    return np.asarray(rows @ (axes * signs[:, None]).T)


def draw(
    keys: Sequence[Hashable],
    matrix: NDArray[Any],
    groups: Mapping[str, Iterable[Hashable]] | None = None,
    *,
    arrows: Iterable[tuple[Hashable, Hashable]] = (),
    title: str = "",
    width: int = 1100,
    height: int = 800,
) -> str:
    """An SVG picture (text) of some rows of the matrix (n, dim), one colour a group.

    `groups` names the keys to show (default: the first 100, one group); `arrows` are pairs of
    shown keys. Keys that the vectors lack are left out. ValueError: nothing is left to show.

    >>> draw(["a", "b", "c"], np.eye(3)).startswith("<svg")
    True
    """
    rows = {key: row for row, key in enumerate(keys)}
    chosen = groups if groups is not None else {"": list(keys)[:100]}
    colours: dict[Hashable, str] = {}
    for number, members in enumerate(chosen.values()):
        for key in members:
            if key in rows:
                colours.setdefault(key, COLOURS[number % len(COLOURS)])
    if not colours:
        raise ValueError("nothing to draw: none of the words has a vector")
    places = _fit(project(matrix[[rows[key] for key in colours]]), width, height)
    labels = {
        key: Label(str(key), x, y, colour)
        for (key, colour), (x, y) in zip(colours.items(), places.tolist(), strict=True)
    }
    pairs = [(labels[a], labels[b]) for a, b in arrows if a in labels and b in labels]
    place_labels(list(labels.values()), width, height)
    body = [
        *_frame(title, [name for name in chosen if name], width, height),
        *(_arrow(a, b) for a, b in pairs),
        *(_dot(label) for label in labels.values()),
        *(_text(label) for label in labels.values()),
    ]
    return "\n".join([*body, "</svg>", ""])


def save(
    path: str | os.PathLike[str],
    keys: Sequence[Hashable],
    matrix: NDArray[Any],
    groups: Mapping[str, Iterable[Hashable]] | None = None,
    *,
    arrows: Iterable[tuple[Hashable, Hashable]] = (),
    title: str = "",
) -> None:
    """Write what `draw` draws to a file, whole or not at all."""
    picture = draw(keys, matrix, groups, arrows=arrows, title=title)
    with replacing(path) as stream:
        stream.write(picture.encode())


def place_labels(labels: list[Label], width: int, height: int) -> None:
    """Give each label the free place nearest to its dot; the most crowded choose first."""
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
        cost = np.clip(overlap, 0, None).prod(axis=2).sum(axis=1) * 10
        outside = np.maximum(0, np.array([20, TOP - 22, -width + 20, -height + BOTTOM]) - boxes * [1, 1, -1, -1])
        cost += outside.sum(axis=1) * 50 + np.arange(len(boxes)) * 0.8
        label.box = tuple(boxes[cost.argmin()].tolist())
        taken = np.vstack([taken, label.box])


def _candidates(label: Label) -> list[Box]:
    """Places for a label's text around its dot, the best first."""
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


def _fit(places: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Coordinates in pixels that fill the frame; y points down there."""
    low, high = places.min(axis=0), places.max(axis=0)
    unit = (places - low) / np.where(high > low, high - low, 1)
    room = np.array([width - 2 * MARGIN, height - TOP - BOTTOM - 24])
    return np.asarray(np.array([MARGIN, TOP + 8]) + np.array([1, -1]) * unit * room + [0, room[1]])


def _frame(title: str, names: list[str], width: int, height: int) -> list[str]:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{FONT}" font-size="{LABEL}">',
        f"<title>{escape(title or 'vectors')}</title>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        f'<text x="28" y="38" font-size="20" font-weight="600" fill="{INK}">{escape(title)}</text>',
    ]
    x = 30.0
    for number, name in enumerate(names):
        colour = COLOURS[number % len(COLOURS)]
        lines.append(f'<circle cx="{x + 4}" cy="59" r="5" fill="{colour}"/>')
        lines.append(f'<text x="{x + 15}" y="63.5" fill="{FAINT}">{escape(name)}</text>')
        x += 38 + LABEL * LETTER * len(name)
    return lines


def _dot(label: Label) -> str:
    return f'<circle cx="{label.x:.1f}" cy="{label.y:.1f}" r="{DOT}" fill="{label.colour}"/>'


def _text(label: Label) -> str:
    left, top, right, bottom = label.box
    nearest_x, nearest_y = np.clip(label.x, left, right), np.clip(label.y, top, bottom)
    leader = ""
    if np.hypot(nearest_x - label.x, nearest_y - label.y) > 12:
        leader = (
            f'<path d="M{label.x:.1f} {label.y:.1f}L{nearest_x:.1f} {nearest_y:.1f}" '
            f'stroke="{label.colour}" stroke-width="0.7" opacity="0.55"/>'
        )
    return (
        f'{leader}<text x="{(left + right) / 2:.1f}" y="{bottom - 2.5:.1f}" text-anchor="middle" '
        f'fill="{INK}" stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" '
        f'paint-order="stroke">{escape(label.text)}</text>'
    )


def _arrow(a: Label, b: Label) -> str:
    """A thin arrow from dot to dot, its head just before the second."""
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
