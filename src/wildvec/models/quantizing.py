"""Quantisation of a TextClassifier: prune its features, train the rest again, and store the rows in codes.

In: a trained classifier. Out: a classifier whose rows are those that the codes stand for. Joulin, Grave, Bojanowski,
Douze, Jégou, Mikolov 2016: "FastText.zip: Compressing text classification models".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, number, whole
from wildvec.models.bag_feed import BagFeed, shuffle_lists
from wildvec.models.callbacks import Callbacks
from wildvec.models.label_lists import Label, lists_of_labels
from wildvec.models.text_encoder import in_blocks
from wildvec.quantize import Codebooks, QuantizedMatrix
from wildvec.quantize.product import CENTROIDS, DSUB
from wildvec.text import labelled
from wildvec.text.files import Paths
from wildvec.text.vocab import Vocab
from wildvec.training.checkpoint import Training

if TYPE_CHECKING:
    from wildvec.models.text_classifier import TextClassifier

END_OF_LINE = "</s>"
BLOCK_ROWS = 1 << 16

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Quantized:
    """The codes of the rows of a classifier. output is None if the rows of labels are not quantised."""

    input: QuantizedMatrix
    output: QuantizedMatrix | None = None


@dataclass(frozen=True)
class Options:
    """The arguments of `TextClassifier.quantize`, checked."""

    cutoff: int = 0
    dsub: int = 2
    qnorm: bool = True
    qout: bool = False
    epochs: int | None = None
    alpha: float | None = None

    def __post_init__(self) -> None:
        checked("cutoff", self.cutoff, whole(0))
        checked("dsub", self.dsub, DSUB)
        checked("epochs", self.epochs, whole(0, none="those of the model"))
        checked("alpha", self.alpha, number(0, 1e6, none="that of the model"))


def quantize(
    model: TextClassifier, options: Options, texts: Iterable[Any] | None, labels: list[list[Label]] | None
) -> None:
    """Quantise a model in place; see `TextClassifier.quantize`. After an error the model is unchanged."""
    if texts is not None and not options.cutoff:
        raise ValueError("texts are given to train again after pruning; give cutoff too, or no texts")
    n_rows = model.n_rows if options.cutoff == 0 else min(options.cutoff, model.n_rows)
    _check_sizes(model, n_rows, options)
    model._take_over_vectors()
    small = _copy(model, _kept_rows(model, n_rows))
    if texts is not None and labels is not None:
        _train_again(small, options, texts, labels)
    common: dict[str, Any] = {"norms": options.qnorm, "seed": model.seed % 2**64, "workers": model.workers}
    rows = small._matrices["input_rows"][:, : small.vector_size]
    source = QuantizedMatrix.from_rows(rows, options.dsub, title="quantize input", **common)
    output = None
    if options.qout:  # fastText always divides the output into pairs of columns
        output = QuantizedMatrix.from_rows(small.output_rows, 2, title="quantize output", **common)
        small.output_rows[...] = output.decode()
    for block in row_blocks(rows):
        rows[block] = source.decode(block)
    small._quantized = Quantized(source, output)
    vars(model).update(vars(small))


def read_texts(
    model: TextClassifier, texts: Any, labels: Iterable[Any] | None
) -> tuple[list[Any] | None, list[list[Label]] | None]:
    """Return texts and the labels of each text. texts: texts, None, or (without labels) the path of a file."""
    if texts is None:
        return None, None
    if labels is None:
        lines, found = labelled.split_labels(Paths(texts), model.label_prefix, model.errors)
        return lines, [list(of_text) for of_text in found]
    given = list(texts)
    return given, lists_of_labels(labels, len(given))


def _check_sizes(model: TextClassifier, n_rows: int, options: Options) -> None:
    """Raise ValueError if there are fewer rows than centroids."""
    sizes = [("input", n_rows, "raise cutoff, or keep the model as it is")]
    if options.qout:
        sizes.append(("output", len(model.labels), "leave qout out"))
    for name, n, remedy in sizes:
        if n < CENTROIDS:
            raise ValueError(
                f"the {name} matrix is too small to be quantized: it has {n} rows, and {CENTROIDS} are needed; "
                f"{remedy}"
            )


def _kept_rows(model: TextClassifier, n_rows: int) -> NDArray[np.int64]:
    """Return the n rows of the largest norms, ascending. The end of a line is always one of them."""
    return np.arange(n_rows) if n_rows == model.n_rows else np.sort(rows_by_length(model)[:n_rows])


def rows_by_length(model: TextClassifier) -> NDArray[np.int64]:
    """Return all rows of features by falling norm. The end of a line is the first."""
    rows = model._matrices["input_rows"][:, : model.vector_size]
    squares = np.einsum("ij,ij->i", rows, rows)
    if END_OF_LINE in model.vocab:
        squares[model.vocab.key_to_index[END_OF_LINE]] = np.inf
    return np.argsort(-squares, kind="stable")


def _copy(model: TextClassifier, kept: NDArray[np.int64]) -> TextClassifier:
    """Return a model with some of the rows, in which n-grams without rows do not count."""
    n_words = len(model.vocab)
    words = kept[kept < n_words]
    small = type(model)(**model.get_params())
    vocab = Vocab([model.words[row] for row in words.tolist()], model.word_counts[words])
    buckets = model._used_buckets[kept[kept >= n_words] - n_words]
    small._set_parts(vocab, model.labels, model.label_counts, buckets)
    small.pruned = True
    rows, source = small._matrices["input_rows"], model._matrices["input_rows"]
    for block in row_blocks(rows):
        rows[block] = source[kept[block]]
    small._matrices["output_rows"][...] = model._matrices["output_rows"]
    for name in ("epochs_trained", "epoch_losses", "held_out_losses", "tokens_per_second", "_latest_loss"):
        setattr(small, name, getattr(model, name))
    return small


def _train_again(
    model: TextClassifier, options: Options, texts: Iterable[Any], labels: list[list[Label]]
) -> None:
    """Train a model further, with its words and n-grams."""
    settings = {"epochs": model.epochs, "alpha": model.alpha}
    if options.epochs is not None:
        model.epochs = options.epochs
    if options.alpha is not None:
        model.alpha = options.alpha
    feed = _make_feed(model, texts, labels)
    model._train(feed, Training(model._schedule(), own_vocab=True), Callbacks(model, ()), None)
    for name, value in settings.items():
        setattr(model, name, value)


def _make_feed(model: TextClassifier, texts: Iterable[Any], labels: list[list[Label]]) -> BagFeed:
    ids, ends, n, n_tokens = [np.empty(0, np.int32)], [np.zeros(1, np.int64)], 0, 0
    for of_block, offsets, sizes in in_blocks(texts, model._predictor().encoder.encode, model.workers):
        ids.append(of_block)
        ends.append(offsets[1:].astype(np.int64) + n)
        n += len(of_block)
        n_tokens += int(sizes.sum())
    known = {label: i for i, label in enumerate(model.labels)}
    encoded = [[known[label] for label in of_text if label in known] for of_text in labels]
    flat = np.array([label for of_text in encoded for label in of_text], np.int32)
    label_offsets = np.concatenate([[0], np.cumsum([len(of_text) for of_text in encoded])]).astype(np.int64)
    order = np.random.default_rng(model.seed % 2**64).permutation(len(labels)).astype(np.int32)
    features = shuffle_lists(np.concatenate(ids), np.concatenate(ends), order)
    return BagFeed(*features, *shuffle_lists(flat, label_offsets, order), n_tokens)


def rows_of(matrix: QuantizedMatrix, rows: NDArray[np.int64]) -> QuantizedMatrix:
    """Return some rows of a matrix."""
    norms = None if matrix.norm_codes is None else matrix.norm_codes[rows]
    return replace(matrix, codes=matrix.codes[rows], norm_codes=norms)


def row_blocks(rows: NDArray[Any]) -> Iterator[slice]:
    """Yield slices of a matrix."""
    return (slice(first, first + BLOCK_ROWS) for first in range(0, len(rows), BLOCK_ROWS))


# Native files


def compact(quantized: Quantized, tensors: Tensors) -> Tensors:
    """Return the tensors of a file, with codes in place of rows."""
    kept = {name: tensor for name, tensor in tensors.items() if name not in ("vectors", "input_rows")}
    kept |= _pack("input_rows", quantized.input)
    if quantized.output is not None:
        del kept["output_rows"]
        kept |= _pack("output_rows", quantized.output)
    return kept


def from_tensors(tensors: Mapping[str, NDArray[Any]]) -> Quantized | None:
    """Return the codes in a file; None if it has none."""
    if "input_rows.codes" not in tensors:
        return None
    output = unpack("output_rows", tensors) if "output_rows.codes" in tensors else None
    return Quantized(unpack("input_rows", tensors), output)


def expand(tensors: Mapping[str, NDArray[Any]]) -> Tensors:
    """Return the tensors of a file with the rows that its codes stand for. ValueError: they do not fit each other."""
    whole_tensors = dict(tensors)
    for name in ("input_rows", "output_rows"):
        if f"{name}.codes" in tensors:
            whole_tensors[name] = unpack(name, tensors).decode()
    if "vectors" not in tensors and "counts" in tensors and "input_rows" in whole_tensors:
        whole_tensors["vectors"] = whole_tensors["input_rows"][: len(tensors["counts"])]
    return whole_tensors


def _pack(name: str, matrix: QuantizedMatrix) -> Tensors:
    tensors: Tensors = {
        "codes": matrix.codes,
        "centroids": matrix.codebooks.centroids,
        "dsub": np.array([matrix.codebooks.dsub], np.int64),
    }
    if matrix.norm_codes is not None and matrix.norm_codebook is not None:
        tensors |= {"norm_codes": matrix.norm_codes, "norm_centroids": matrix.norm_codebook.centroids}
    return {f"{name}.{part}": tensor for part, tensor in tensors.items()}


def unpack(name: str, tensors: Mapping[str, NDArray[Any]]) -> QuantizedMatrix:
    """Return a quantised matrix from its tensors in a file. ValueError: they do not fit each other."""
    codes = _tensor(tensors, f"{name}.codes", np.uint8, 2)
    centroids = _tensor(tensors, f"{name}.centroids", np.float32)
    dsub = _tensor(tensors, f"{name}.dsub", np.int64)
    books = Codebooks(len(centroids) // CENTROIDS, int(dsub.sum()), centroids)
    fits = (
        len(centroids) % CENTROIDS == 0 and 1 <= books.dsub <= books.dim and codes.shape[1] == books.n_parts
    )
    matrix = QuantizedMatrix(codes, books)
    if f"{name}.norm_codes" in tensors:
        norm_codes = _tensor(tensors, f"{name}.norm_codes", np.uint8)
        norm_centroids = _tensor(tensors, f"{name}.norm_centroids", np.float32)
        fits = fits and len(norm_codes) == len(codes) and len(norm_centroids) == CENTROIDS
        matrix = QuantizedMatrix(codes, books, norm_codes, Codebooks(1, 1, norm_centroids))
    if not fits:
        raise ValueError(f"the codes and codebooks of {name} do not fit each other; the file is damaged")
    return matrix


def _tensor(tensors: Mapping[str, NDArray[Any]], name: str, dtype: Any, ndim: int = 1) -> NDArray[Any]:
    array = tensors.get(name)
    if array is None or array.dtype != dtype or array.ndim != ndim:
        raise ValueError(f"{name} is missing or of a wrong type; the file is damaged")
    return array
