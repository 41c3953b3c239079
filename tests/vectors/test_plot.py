"""Pictures: well-formed SVG, complete, with labels that do not overlap."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec.vectors import plot

SVG = "{http://www.w3.org/2000/svg}"
KEYS = [f"word{i}" for i in range(40)]
MATRIX = np.random.default_rng(1).standard_normal((40, 10)).astype(np.float32)


def texts(svg):
    root = ElementTree.fromstring(svg)
    halos = set(root.iterfind(f".//{SVG}g[@aria-hidden]/{SVG}text"))
    return [element.text for element in root.iter(f"{SVG}text") if element not in halos]


def panel(**groups):
    return plot.Panel("a panel", groups, [("word0", "word1"), ("word0", "absent")])


def test_a_picture_has_words_titles_and_legend():
    svg = plot.draw(KEYS, MATRIX, [panel(odd=KEYS[1::2], even=KEYS[::2])] * 3, title="a title")
    found = texts(svg)
    assert found.count("word7") == 3
    assert {"a title", "a panel", "odd", "even"} <= set(found)
    root = ElementTree.fromstring(svg)
    assert len(list(root.iter(f"{SVG}polygon"))) == 3  # the arrow to a missing word is not drawn
    assert root.get("viewBox").split()[2] == "1280"


def test_every_word_is_drawn_again_over_its_halo():
    """Some viewers, such as cairosvg, ignore the attribute paint-order."""
    svg = plot.draw(KEYS, MATRIX, [panel(all=KEYS)])
    assert svg.count(">word7<") == 2 and "paint-order" not in svg
    halo, text = svg.split('aria-hidden="true"')[1].split("</g>", 1)
    assert 'fill="none"' in svg and ">word7<" in halo and ">word7<" in text


def test_without_panels_the_first_hundred_are_shown():
    found = texts(plot.draw(range(300), np.random.default_rng(1).standard_normal((300, 5))))
    assert "99" in found and "100" not in found


@given(st.lists(st.text(max_size=6), min_size=1, max_size=12, unique=True))
def test_any_words_make_well_formed_xml(keys):
    matrix = np.arange(3 * len(keys), dtype=np.float32).reshape(-1, 3) % 7
    svg = plot.draw(keys, matrix, [plot.Panel(keys[0], {keys[-1]: keys})], title=keys[0])
    ElementTree.fromstring(svg.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "matrix", [np.zeros((3, 4)), np.ones((3, 1)), np.eye(3), np.ones((3, 2), np.float16)]
)
def test_degenerate_vectors(matrix):
    svg = plot.draw(["a", "b", "c"], matrix)
    assert "nan" not in svg and "inf" not in svg
    ElementTree.fromstring(svg)


def test_labels_avoid_each_other():
    labels = [
        plot.Label(f"label{i}", 300 + x, 300 + y, "red")
        for i, (x, y) in enumerate(np.random.default_rng(3).normal(0, 60, (20, 2)))
    ]
    plot.place_labels(labels, 800, 600)
    boxes = np.array([label.box for label in labels])
    overlaps = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(
        boxes[:, None, :2], boxes[None, :, :2]
    )
    areas = np.clip(overlaps, 0, None).prod(axis=2)
    np.fill_diagonal(areas, 0)
    assert (areas > 20).sum() == 0
    beside = (overlaps[..., 1] > plot.LABEL / 2) & ~np.eye(20, dtype=bool)
    assert (overlaps[..., 0][beside] < -plot.SPACE[0] / 2).mean() > 0.95  # or two words look like one
    assert (boxes[:, :2] > 0).all() and (boxes[:, 2] < 800).all() and (boxes[:, 3] < 600).all()


def test_projection_repeats_and_keeps_neighbours():
    rows = np.vstack([MATRIX[:5] + 5, MATRIX[5:10] - 5])
    points = plot.project(rows)
    assert np.array_equal(points, plot.project(rows.copy()))
    assert (np.sign(points[:5, 0]) == np.sign(points[0, 0])).all()
    assert (np.sign(points[5:, 0]) != np.sign(points[0, 0])).all()


def test_vectors_that_are_not_finite_are_named():
    matrix = MATRIX.copy()
    matrix[3, 2] = np.nan
    with pytest.raises(ValueError, match="'word3'"):
        plot.draw(KEYS, matrix)


def test_a_panel_without_vectors_is_an_error():
    with pytest.raises(ValueError, match=r"'a panel'.*none of its keys"):
        plot.draw(KEYS, MATRIX, [panel(them=["absent"])])


def test_too_many_keys_for_a_panel_are_an_error(monkeypatch):
    monkeypatch.setattr(plot, "MAX_KEYS", 10)
    assert plot.draw(KEYS[:10], MATRIX[:10])
    with pytest.raises(ValueError, match="has 11 keys; give at most 10"):
        plot.draw(KEYS[:11], MATRIX[:11])


def test_texts_are_aligned_at_the_side_of_their_dot():
    svg = plot.draw(["left", "right"], np.array([[-1, 0], [1, 0.5]]))
    assert 'text-anchor="start">' in svg or 'text-anchor="end">' in svg


def test_saved_as_drawn(tmp_path):
    plot.save(tmp_path / "p.svg", KEYS, MATRIX, title="äöü")
    assert (tmp_path / "p.svg").read_text("utf-8") == plot.draw(KEYS, MATRIX, title="äöü")
    with pytest.raises(FileNotFoundError):
        plot.save(tmp_path / "no" / "p.svg", KEYS, MATRIX)
