"""Images as items: neighbours and recommendations of images that no user has seen. Needs scikit-learn.

python examples/digits_as_items.py

The items are scikit-learn's images of digits (8 × 8 pixels). Each simulated user likes one digit or two, and has seen
some images of these. The model learns from these interactions and from features of the images: the hidden layer of a
small network that is trained on the images themselves. A tenth of the images is unknown to the model; their features
alone give them a place. Writes digits_as_items.svg: new images with their nearest ones, and a user's recommendations.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPRegressor

from wildvec import CCL, Interactions

N_USERS, PER_USER, N_UNSEEN = 600, 30, 180
CELL, GAP = 40, 6  # pixels of an image in the picture, and between two


def simulate_users(digits: NDArray[np.int64], n_items: int, seed: int = 1) -> list[tuple[int, int]]:
    """Return pairs (user, image): each user has images of one digit or two among the first n_items."""
    draw = np.random.default_rng(seed)
    pairs = []
    for user in range(N_USERS):
        liked = draw.permutation(10)[: draw.integers(1, 3)]
        images = np.flatnonzero(np.isin(digits[:n_items], liked))
        pairs += [(user, int(image)) for image in draw.choice(images, PER_USER, replace=False)]
    return pairs


def hidden_layer(pixels: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the hidden layer of an autoencoder of the images: it sees no labels."""
    network = MLPRegressor(hidden_layer_sizes=(32,), max_iter=150, random_state=1).fit(pixels, pixels)
    hidden = np.maximum(pixels @ network.coefs_[0] + network.intercepts_[0], 0)
    return np.asarray(hidden - hidden.mean(axis=0), np.float32)


def draw_rows(path: str, rows: Iterable[tuple[str, list[int]]], images: NDArray[np.float64]) -> None:
    """Write an SVG picture: for each row a label and images."""
    parts, height = [], GAP
    for label, chosen in rows:
        parts.append(f'<text x="{GAP}" y="{height + CELL // 2 + 4}">{label}</text>')
        for place, image in enumerate(chosen):
            left = 150 + place * (CELL + GAP)
            for (row, column), value in np.ndenumerate(images[image] / 16):
                grey, side = int(255 * (1 - value)), CELL / 8
                parts.append(
                    f'<rect x="{left + column * side}" y="{height + row * side}" width="{side}" height="{side}" '
                    f'fill="rgb({grey},{grey},{grey})"/>'
                )
        height += CELL + GAP
    width = 150 + 9 * (CELL + GAP)
    size = f'width="{width}" height="{height}"'
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">'
    Path(path).write_text(
        "\n".join([frame, f'<rect {size} fill="#e8eef4"/>', *parts, "</svg>"]),
        encoding="utf-8",
    )


def main() -> None:
    """Train, and look at images without interactions."""
    data = load_digits()
    digits, n_seen = data.target, len(data.target) - N_UNSEEN
    features = hidden_layer(data.data / 16)
    interactions = Interactions(simulate_users(digits, n_seen), items=range(n_seen))
    model = CCL(interactions, item_features=features[:n_seen], vector_size=32, epochs=30, seed=1, workers=1)

    unseen = range(n_seen, len(digits))
    for image in unseen:
        model.add_item_by_features(image, features[image])
    same = [digits[near] == digits[image] for image in unseen for near, _ in model.similar_items(image, 5)]
    print(f"{len(unseen)} unknown images: {np.mean(same):.0%} of their 5 nearest images show the same digit")

    rows = [
        ("unseen, near:", [image, *(near for near, _ in model.similar_items(image, 7))])
        for image in unseen[:8]
    ]
    user = 0
    own = interactions.items_of(user)[:8]
    new = [image for image, _ in model.recommend(user, 8, among=unseen)]
    rows += [("a user has seen:", own), ("new for this user:", new)]
    draw_rows("digits_as_items.svg", rows, data.images)
    print("wrote digits_as_items.svg")


if __name__ == "__main__":
    main()
