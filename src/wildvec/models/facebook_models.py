"""FastText models and fastText's files. In: a .bin file. Out: a model to train further, and the other way round.

fastText's files have a row for each bucket. The rows of buckets that do not occur in the model's words are drawn when
they are written: row b depends on (seed, b) only. A file that was read is written with the same bytes.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from wildvec.io import fasttext
from wildvec.io.fasttext import FastTextFile, FastTextSettings, ReadMode
from wildvec.models.fasttext import FastText
from wildvec.models.subword_index import SubwordIndex
from wildvec.models.subword_objective import ROWS
from wildvec.quantize import QuantizedMatrix
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.matrices import FloatRows
from wildvec.vectors.facebook_vectors import decode_words
from wildvec.vectors.subword_rows import fill_rows

logger = logging.getLogger(__name__)

F = TypeVar("F", bound=FastText)


@overload
def load_facebook_model(
    path: str | os.PathLike[str], encoding: str = "utf-8", *, errors: str = "backslashreplace"
) -> FastText: ...
@overload
def load_facebook_model(
    path: str | os.PathLike[str],
    encoding: str = "utf-8",
    *,
    errors: str = "backslashreplace",
    model_class: type[F],
) -> F: ...
def load_facebook_model(
    path: str | os.PathLike[str],
    encoding: str = "utf-8",
    *,
    errors: str = "backslashreplace",
    model_class: type[Any] = FastText,
) -> Any:
    r"""Read an unsupervised fastText model (.bin) that fastText, gensim or wildvec wrote, to train it further.

    All buckets have rows, as in the file. The learning rate is not in the file: set `model.alpha`. A model with
    hierarchical softmax has `negative` 0, and trains as fastText does. Vectors alone take less memory:
    `load_facebook_vectors`.

    Args:
        path: The file, plain or compressed (gz, bz2, xz, zst).
        encoding: Encoding of the words.
        errors: Treatment of words that `encoding` cannot decode: "backslashreplace" writes \xff for a byte, "strict"
            raises. `save_facebook_model` writes their bytes as they were.
        model_class: The class of the model: FastText or a subclass.

    Raises:
        NotImplementedError: The model is supervised.
        FileNotFoundError: There is no such file.
        EOFError: The file is cut off.
        ValueError: It is damaged or no fastText model, or a word cannot be decoded.

    >>> import tempfile, pathlib
    >>> from wildvec import FastText, load_facebook_model, save_facebook_model
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.bin")
    >>> save_facebook_model(FastText([["night", "day"]] * 9, vector_size=8, bucket=100, workers=1), path)
    >>> load_facebook_model(path)
    FastText(2 keys × 8, CBOW, 0 epochs trained)
    """
    padded: dict[str, FloatRows] = {}

    def allocate(name: str, rows: int, columns: int) -> FloatRows:
        padded[name] = matrices.allocate(rows, columns)
        return padded[name][:, :columns]

    file = fasttext.read(path, ReadMode(allocate))
    _check_unsupervised(os.fspath(path), file)
    model = model_class(**_settings_of(file.settings))
    keys = decode_words(os.fspath(path), file.words, encoding, errors)
    model._has_all_buckets = True
    model._facebook_settings, model._facebook_version = file.settings, file.version
    model._facebook_words = {key: raw for key, raw in zip(keys, file.words, strict=True) if key != raw}
    model._index = SubwordIndex.of(file.words, model.min_n, model.max_n, model.bucket, all_buckets=True)
    rows = {ROWS: padded["input"], "output_rows": padded["output"]}
    if model.hs:
        # The same tree, but fastText numbers the root last and trains a node to the bit of a path, not its opposite.
        nodes = padded["output"][: max(0, len(keys) - 1)]
        nodes[...] = -nodes[::-1]
        rows = {ROWS: padded["input"], "node_rows": nodes}
    model._set_matrices(Vocab(keys, file.word_counts), rows)
    model.corpus_total_words = file.n_tokens
    return model


def _check_unsupervised(path: str, file: FastTextFile) -> None:
    if file.settings.model == "supervised":
        raise NotImplementedError(
            f"{path} holds a supervised model: read it with TextClassifier.load_fasttext, its vectors with "
            "load_facebook_vectors"
        )
    if isinstance(file.input, QuantizedMatrix) or file.kept_buckets is not None:
        raise NotImplementedError(
            f"{path} is quantised or pruned; its vectors can be read with load_facebook_vectors"
        )
    if file.settings.loss not in ("ns", "hs"):
        logger.warning("%s: loss=%r is trained further by negative sampling", path, file.settings.loss)


def _settings_of(stored: FastTextSettings) -> dict[str, Any]:
    """Return the settings of a FastText model. Without n-grams there are no buckets."""
    hs = stored.loss == "hs"
    return {
        "vector_size": stored.dim,
        "window": max(stored.ws, 1),
        "epochs": max(stored.epoch, 1),
        "min_count": max(stored.min_count, 0),
        "negative": 0 if hs else max(stored.neg, 1),
        "hs": int(hs),
        "sg": int(stored.model == "skipgram"),
        "sample": stored.t,
        "bucket": stored.bucket,
        "min_n": stored.minn,
        "max_n": stored.maxn,
    }


def save_facebook_model(
    model: FastText,
    path: str | os.PathLike[str],
    encoding: str = "utf-8",
    lr_update_rate: int | None = None,
    word_ngrams: int | None = None,
) -> None:
    """Write a model in fastText's format (.bin), which fastText, gensim and wildvec read.

    Args:
        model: The model.
        path: The file.
        encoding: Encoding of the words.
        lr_update_rate: A number in the file without effect here; None: that of the file that the model was read
            from, or 100.
        word_ngrams: The same; None: that of the file, or 1.

    Raises:
        TypeError: It is no FastText model.
        RuntimeError: The model has no vocabulary yet.
        ValueError: A word is empty or contains white space or NUL, or cannot be encoded.
        OSError: The file cannot be written. An existing file is then unchanged.

    >>> import tempfile, pathlib
    >>> from wildvec import FastText, load_facebook_vectors, save_facebook_model
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.bin")
    >>> save_facebook_model(FastText([["night", "day"]] * 9, vector_size=8, bucket=100, workers=1), path)
    >>> load_facebook_vectors(path).index_to_key
    ['night', 'day']
    """
    settings: dict[str, Any] = {"lr_update_rate": lr_update_rate, "word_ngrams": word_ngrams}
    given = {name: value for name, value in settings.items() if value is not None}
    file = to_file(model, encoding)
    fasttext.write(path, replace(file, settings=replace(file.settings, **given)))


def to_file(model: FastText, encoding: str = "utf-8") -> FastTextFile:
    """Return the content of the file of a model; its rows are those of the model, without a copy."""
    if not isinstance(model, FastText):
        raise TypeError(
            f"{type(model).__name__} is no FastText model; save other models with their method `save`, and "
            "vectors with wv.save_word2vec_format"
        )
    if not len(model.vocab):
        raise RuntimeError("the model has no vocabulary yet; call build_vocab first")
    model._take_over_vectors()
    settings = _settings_in_file(model, getattr(model, "_facebook_settings", None) or FastTextSettings())
    return FastTextFile(
        settings,
        _encoded_words(model, encoding),
        model.vocab.counts,
        [],
        np.empty(0, np.int64),
        SparseRows(*model._parts(), model._index.buckets, settings.bucket, model.seed % 2**64),
        _output_of(model),
        n_tokens=model.corpus_total_words,
        version=getattr(model, "_facebook_version", fasttext.VERSION),
    )


def _settings_in_file(model: FastText, before: FastTextSettings) -> FastTextSettings:
    """Return the settings to write. before: those of the file that the model was read from, or the defaults."""
    has_ngrams = model.bucket > 0 and model.max_n > 0
    loss = "hs" if model.hs else "ns"
    was_trained_otherwise = before.model != "supervised" and not model.epochs_trained
    return replace(
        before,
        dim=model.vector_size,
        ws=model.window,
        epoch=model.epochs,
        min_count=model.min_count,
        neg=model.negative if model.negative or before.model == "supervised" else before.neg,
        loss=before.loss if was_trained_otherwise else loss,
        model="skipgram" if model.sg else "cbow",
        bucket=model.bucket if has_ngrams or model._has_all_buckets else 0,
        minn=model.min_n,
        maxn=model.max_n if has_ngrams or model._has_all_buckets else 0,
        t=model.sample,
    )


def _encoded_words(model: FastText, encoding: str) -> list[str]:
    """Return the words as the file has them: other bytes than UTF-8 are surrogates."""
    before: dict[Any, str] = getattr(model, "_facebook_words", {})
    words = [before.get(key, str(key)) for key in model.vocab.keys]
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        return words
    return [
        word if key in before else word.encode(encoding).decode("utf-8", "surrogateescape")
        for key, word in zip(model.vocab.keys, words, strict=True)
    ]


def _output_of(model: FastText) -> NDArray[np.float32]:
    """Return the output matrix (n_words, dim); the nodes of a Huffman tree as in fastText."""
    rows = model._unpadded_matrices()
    if not model.hs:
        return rows["output_rows"]
    if model.vocab.tree is not None:
        logger.warning("the output rows fit gensim's Huffman tree; fastText builds another one")
    output = np.zeros((len(model.vocab), model.vector_size), np.float32)
    np.negative(rows["node_rows"][::-1], out=output[:-1])
    return output


@dataclass(eq=False)
class SparseRows:
    """The input matrix of a file, (n_words + bucket, dim), of a model in which not all buckets have rows.

    Attributes:
        words: Rows of the words (n_words, dim).
        ngrams: Rows of the buckets that have one (n, dim).
        buckets: These buckets (int32).
        bucket: Number of buckets.
        seed: The row of another bucket b is drawn by (seed, b), uniform in ±1 / dim as in fastText.
    """

    words: FloatRows
    ngrams: FloatRows
    buckets: NDArray[np.int32]
    bucket: int
    seed: int

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.argsort(self.buckets)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the matrix."""
        return len(self.words) + self.bucket, self.words.shape[1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> FloatRows:
        begin, end, _ = rows.indices(len(self))
        n = len(self.words)
        parts = [self.words[begin : min(end, n)]]
        first, last = max(begin, n) - n, max(end, n) - n
        if len(self.ngrams) == self.bucket:
            parts.append(self.ngrams[first:last])
        elif last > first:
            parts.append(fill_rows(self.ngrams, self.buckets, self._order, first, last, self.seed))
        return np.concatenate(parts)

    def take(self, numbers: NDArray[np.int64]) -> FloatRows:
        """Return some rows by their numbers."""
        parts = [self[number : number + 1] for number in numbers.tolist()]
        return np.concatenate([self.words[:0], *parts])
