"""Compare encodings of categorical columns: the same learner, the same splits; number of features, error, seconds.

In: $WILDVEC_DATA/interactions/ml-100k (u.data, u.item and, if it is there, u.user with the age and occupation of the
users) or a generated table of sales. Out: one line per encoding and learner, as the mean and standard deviation over
the splits; with --results also rows of results/tables.csv. It needs scikit-learn, pandas and, for StringEncoder,
skrub.

    python benchmarks/tables.py                       # ml-100k, Ridge
    python benchmarks/tables.py --data sales --learner boosting
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import data
import numpy as np
import pandas as pd
import record
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from wildvec import CategoryEmbedding, CategoryEmbeddingRegressor

AGES = [18, 25, 35, 45, 50, 56]  # bounds of the age groups of MovieLens
ALPHAS = [0.1, 1, 3, 10, 30, 100]


def ml_100k(users: Path | None) -> tuple[pd.DataFrame, np.ndarray, tuple[float, float]]:
    """Return user, item, genres, and with the file of users also age group and occupation; ratings; their bounds."""
    folder = data.data_folder() / "interactions" / "ml-100k"
    ratings = np.loadtxt(folder / "u.data", dtype=int)
    lines = (folder / "u.item").read_text(encoding="latin-1").splitlines()
    genres = {int(line.split("|")[0]): "".join(line.split("|")[5:]) for line in lines}
    frame = pd.DataFrame({"user": ratings[:, 0].astype(str), "item": ratings[:, 1].astype(str)})
    frame["genres"] = [genres[item] for item in ratings[:, 1]]
    users = users or folder / "u.user"
    if users.exists():
        rows = [line.split("|") for line in users.read_text().splitlines() if line[0].isdigit()]
        ages = {int(row[0]): str(np.searchsorted(AGES, int(row[1]), "right")) for row in rows}
        occupations = {int(row[0]): row[3] for row in rows}
        frame["age group"] = [ages[user] for user in ratings[:, 0]]
        frame["occupation"] = [occupations[user] for user in ratings[:, 0]]
    return frame, ratings[:, 2].astype(float), (1.0, 5.0)


def sales(n: int = 40_000) -> tuple[pd.DataFrame, np.ndarray, tuple[float, float]]:
    """Return generated sales: their logarithm depends on shop, product, day, and on pairs of hidden properties."""
    random = np.random.default_rng(1)
    sizes = {"shop": 300, "product": 800, "weekday": 7, "promotion": 4}
    ids = {name: random.choice(size, n, p=random.dirichlet(np.ones(size))) for name, size in sizes.items()}
    effects = {name: random.normal(0, 0.5, size) for name, size in sizes.items()}
    hidden = {name: random.normal(0, 0.6, (size, 3)) for name, size in sizes.items()}
    price = random.lognormal(1, 0.5, n)
    y = sum(effects[name][ids[name]] for name in sizes) - np.log(price) ** 2
    for a, b in (("shop", "product"), ("product", "weekday"), ("shop", "promotion")):
        y = y + (hidden[a][ids[a]] * hidden[b][ids[b]]).sum(axis=1)
    frame = pd.DataFrame({name: [f"{name} {i}" for i in values] for name, values in ids.items()})
    return frame.assign(price=price), y + random.normal(0, 0.5, n), (-np.inf, np.inf)


def encoders(text: list[str], numbers: list[str]) -> dict[str, Callable[[], Any]]:
    """Return functions that make an encoder, by name."""

    def columns(encoder: Any) -> Any:
        return make_column_transformer((encoder, text), (StandardScaler(), numbers))

    made = {
        "OneHotEncoder": lambda: columns(OneHotEncoder(handle_unknown="ignore")),
        "TargetEncoder": lambda: columns(TargetEncoder(target_type="continuous", random_state=0)),
        "CategoryEmbedding": lambda: CategoryEmbedding("regression"),
    }
    try:
        import skrub
    except ImportError:
        print("StringEncoder is left out: skrub is not installed")
        return made
    strings = skrub.ApplyToCols(skrub.StringEncoder(n_components=30, random_state=0), cols=text)
    return {**made, "StringEncoder": lambda: strings}


LEARNERS: dict[str, Callable[[], Any]] = {
    "ridge": lambda: make_pipeline(StandardScaler(with_mean=False), RidgeCV(ALPHAS)),
    "boosting": lambda: HistGradientBoostingRegressor(random_state=0),
}


def ridge_of_one_hot() -> Any:
    """Return Ridge for sparse columns of 0 and 1, with a penalty chosen on a fifth of the training rows."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV, ShuffleSplit

    folds = ShuffleSplit(1, test_size=0.2, random_state=0)
    return GridSearchCV(Ridge(solver="lsqr"), {"alpha": ALPHAS}, cv=folds)


def measure_one(name: str, learner: str, make: Callable[[], Any], split: Any) -> tuple[float, int, float]:
    """Return the error on the test rows, the number of features, and the CPU seconds."""
    train, test, y_train, y_test, bounds = split
    start = time.process_time()
    if name == "CategoryEmbedding alone":
        model = CategoryEmbeddingRegressor().fit(train, y_train)
        predicted, n_features = model.predict(test), len(model.get_feature_names_out())
    else:
        encoder = make()
        features = encoder.fit_transform(train, y_train)
        n_features = features.shape[1]
        is_sparse = name == "OneHotEncoder"
        fitted = (ridge_of_one_hot() if is_sparse else LEARNERS[learner]()).fit(features, y_train)
        predicted = fitted.predict(encoder.transform(test))
    error = np.sqrt(np.mean((np.clip(predicted, *bounds) - y_test) ** 2))
    return float(error), n_features, time.process_time() - start


def splits(frame: pd.DataFrame, y: np.ndarray, bounds: tuple[float, float], n: int) -> Any:
    """Yield n random splits, 80% to train."""
    for seed in range(n):
        order = np.random.default_rng(seed).permutation(len(y))
        cut = len(y) * 8 // 10
        train, test = order[:cut], order[cut:]
        yield frame.iloc[train], frame.iloc[test], y[train], y[test], bounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", choices=["ml-100k", "sales"], default="ml-100k")
    parser.add_argument("--learner", choices=LEARNERS, default="ridge")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument(
        "--users", type=Path, help="u.user of ml-100k (default: next to u.data, if it is there)"
    )
    parser.add_argument("--only", help="only encoders whose name contains this text")
    parser.add_argument("--results", action="store_true", help="append the figures to results/tables.csv")
    options = parser.parse_args()
    frame, y, bounds = ml_100k(options.users) if options.data == "ml-100k" else sales()
    numbers = [name for name in frame if frame[name].dtype.kind == "f"]
    made = encoders([name for name in frame if name not in numbers], numbers)
    print(
        f"{options.data}: {len(frame):,} rows, {', '.join(frame)}; {options.learner}; {options.splits} splits"
    )
    for name in [*made, "CategoryEmbedding alone"]:
        if (options.only or "") not in name or (name == "OneHotEncoder" and options.learner != "ridge"):
            continue
        runs = [
            measure_one(name, options.learner, made.get(name, lambda: None), split)
            for split in splits(frame, y, bounds, options.splits)
        ]
        errors, features, seconds = zip(*runs, strict=True)
        figures = {
            "rmse": float(np.mean(errors)),
            "rmse_sd": float(np.std(errors, ddof=1) if len(errors) > 1 else 0),
        }
        figures |= {"features": features[0], "cpu_seconds": float(np.median(seconds)), "splits": len(errors)}
        print(f"{name:24} " + "  ".join(f"{key} {value:.4g}" for key, value in figures.items()), flush=True)
        if options.results:
            about = {
                "data": options.data,
                "columns": " ".join(frame),
                "encoder": name,
                "learner": options.learner,
            }
            record.append("tables", about | figures)


if __name__ == "__main__":
    main()
