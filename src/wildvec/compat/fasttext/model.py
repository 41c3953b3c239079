"""The model object of fastText's Python module."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import checked, whole
from wildvec.compat.fasttext import content as contents
from wildvec.compat.fasttext import prediction
from wildvec.compat.fasttext.arguments import Args
from wildvec.compat.fasttext.meter import _Meter
from wildvec.compat.fasttext.subwords import EOS, tokenize
from wildvec.io import fasttext as files
from wildvec.io.fasttext import FastTextFile
from wildvec.models import fasttext_files
from wildvec.models.text_classifier import TextClassifier
from wildvec.vectors.search import top_k

Floats = NDArray[np.float32]
Lines = tuple[list[str], list[str]]


class _FastText:
    """A model with fastText's methods. `train_supervised`, `train_unsupervised` and `load_model` return it.

    model_path: A file to load. args: The arguments of the training. content: A TextClassifier, or the content of an
    unsupervised model.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        args: Args | None = None,
        content: TextClassifier | FastTextFile | None = None,
    ) -> None:
        # fastText's handle of its C++ object, as far as programs use it.
        self.f = SimpleNamespace(
            getArgs=self._get_args, isQuant=self.is_quantized, loadModel=self._load, saveModel=self.save_model
        )
        if model_path is not None:
            self._load(model_path)
        elif content is not None:
            self._set_content(content)
        if args is not None:
            self.set_args(args)

    def _load(self, path: str | os.PathLike[str]) -> None:
        file = files.read(path)
        if file.settings.model == "supervised":
            self._set_content(fasttext_files.from_file(TextClassifier, file, "__label__"))
        else:
            self._set_content(file)

    def _set_content(self, source: TextClassifier | FastTextFile) -> None:
        self._source = source
        is_classifier = isinstance(source, TextClassifier)
        self._content = contents.of_classifier(source) if is_classifier else contents.of_file(source)  # type: ignore[arg-type]
        self._word_vectors: Floats | None = None

    def set_args(self, args: Args | None = None) -> None:
        """Set the arguments of a training as attributes of the model."""
        if args:
            vars(self).update({name: value for name, value in vars(args).items() if "autotune" not in name})

    def _get_args(self) -> Args:
        return self._content.args

    @property
    def classifier(self) -> TextClassifier:
        """The wildvec model. ValueError: the model is unsupervised."""
        if not isinstance(self._source, TextClassifier):
            raise ValueError("Model needs to be supervised for prediction!")
        return self._source

    # -- dictionary -----------------------------------------------------------------------------------------------

    @property
    def words(self) -> list[str]:
        """All words, most frequent first."""
        return self._content.words

    @property
    def labels(self) -> list[str]:
        """All labels with their prefix; the words, if the model is unsupervised."""
        result: list[str] = self.get_labels()
        return result

    def get_words(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Return the words; with include_freq a pair of words and counts."""
        words = [_decoded(word, on_unicode_error) for word in self._content.words]
        return (words, np.array(self._content.word_counts)) if include_freq else words

    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Return the labels; with include_freq a pair of labels and counts. Without labels, as `get_words`."""
        if not isinstance(self._source, TextClassifier):
            return self.get_words(include_freq, on_unicode_error)
        labels = [_decoded(label, on_unicode_error) for label in self._content.labels]
        return (labels, np.array(self._content.label_counts)) if include_freq else labels

    def get_word_id(self, word: str) -> int:
        """Return the number of a word, -1 if it is unknown."""
        return self._content.word_ids.get(word, -1)

    def get_label_id(self, label: str) -> int:
        """Return the number of a label, -1 if it is unknown."""
        return self._content.label_ids.get(label, -1)

    def get_subword_id(self, subword: str) -> int:
        """Return the row of the input matrix to which a subword is hashed. ValueError: there are no buckets."""
        if not self._content.args.bucket:
            raise ValueError("the model has no subwords (bucket=0)")
        row = self._content.row_of_ngram(subword)
        return -1 if row is None else row

    def get_subwords(
        self, word: str, on_unicode_error: str = "strict"
    ) -> tuple[list[str], NDArray[np.int64]]:
        """Return the word, if it is known, and its character n-grams, and their rows of the input matrix."""
        return self._content.subwords(word)

    def __contains__(self, word: object) -> bool:
        return word in self._content.word_ids

    def get_line(self, text: Any, on_unicode_error: str = "strict") -> tuple[Any, Any]:
        """Split a line, or each line of a list, into words and labels. Unknown labels are left out."""
        if isinstance(text, list):
            lines = [self._split(_one_line(entry, "get_line")) for entry in text]
            return [words for words, _ in lines], [labels for _, labels in lines]
        return self._split(_one_line(text, "get_line"))

    def _split(self, line: str) -> Lines:
        words: list[str] = []
        labels: list[str] = []
        prefix = self._content.args.label
        for token in tokenize(line):
            if token not in self._content.word_ids and prefix and token.startswith(prefix):
                if token in self._content.label_ids or not isinstance(self._source, TextClassifier):
                    labels.append(token)
            else:
                words.append(token)
            if token == EOS:
                break
        return words, labels

    # -- vectors --------------------------------------------------------------------------------------------------

    def get_dimension(self) -> int:
        """Return the number of values of a vector."""
        return int(self._content.args.dim)

    def get_word_vector(self, word: str) -> Floats:
        """Return the vector of a word: the mean of its row and those of its n-grams. TypeError: it is no str."""
        if not isinstance(word, str):
            raise TypeError(f"word={word!r:.60} is {type(word).__name__}; give a str")
        return self._content.word_vector(word)

    def __getitem__(self, word: str) -> Floats:
        return self.get_word_vector(word)

    def get_sentence_vector(self, text: str) -> Floats:
        """Return the mean of the features of a line; of an unsupervised model, the mean of unit vectors of words."""
        line = _one_line(text, "get_sentence_vector")
        if isinstance(self._source, TextClassifier):
            return np.asarray(self._source.transform([line])[0])
        vectors = [self.get_word_vector(word) for word in tokenize(text)]
        units = [vector / norm for vector in vectors if (norm := np.linalg.norm(vector)) > 0]
        return np.mean(units, axis=0) if units else np.zeros(self.get_dimension(), np.float32)

    def get_input_vector(self, ind: int) -> Floats:
        """Return a row of the input matrix. ValueError: there is no such row."""
        if not 0 <= ind < self._content.n_rows:
            raise ValueError(f"row {ind} is out of range; the input matrix has {self._content.n_rows} rows")
        return np.asarray(self._content.rows(np.array([ind]))[0])

    def get_input_matrix(self) -> Floats:
        """Return a copy of the input matrix. ValueError: the model is quantised."""
        self._check_dense()
        return self._content.rows(np.arange(self._content.n_rows))

    def get_output_matrix(self) -> Floats:
        """Return a copy of the output matrix. ValueError: the model is quantised."""
        self._check_dense()
        return np.array(self._content.output())

    def _check_dense(self) -> None:
        if self.is_quantized():
            raise ValueError("Can't get quantized Matrix")

    def set_matrices(self, input_matrix: NDArray[Any], output_matrix: NDArray[Any]) -> None:
        """Replace both matrices; their numbers of columns may change. ValueError: a size mismatch."""
        rows, output = np.asarray(input_matrix, np.float32), np.asarray(output_matrix, np.float32)
        n_rows, n_output = self._content.n_rows, len(self._content.output())
        if rows.ndim != 2 or output.shape != (n_output, rows.shape[1]) or len(rows) != n_rows:
            raise ValueError(
                f"size mismatch: input of shape {rows.shape} and output of shape {output.shape}; the model has "
                f"{n_rows} and {n_output} rows, and both need the same number of columns"
            )
        if isinstance(self._source, TextClassifier):
            self._set_content(_with_matrices(self._source, rows, output))
        else:
            settings = files.FastTextSettings(**{**vars(self._source.settings), "dim": rows.shape[1]})
            self._set_content(
                FastTextFile(**{**vars(self._source), "settings": settings, "input": rows, "output": output})
            )

    def get_nearest_neighbors(
        self, word: str, k: int = 10, on_unicode_error: str = "strict"
    ) -> list[tuple[float, str]]:
        """Return the k words nearest to a word by cosine, as pairs (cosine, word)."""
        return self._nearest(self.get_word_vector(word), k, {word}, on_unicode_error)

    def get_analogies(
        self,
        wordA: str,
        wordB: str,
        wordC: str,
        k: int = 10,
        on_unicode_error: str = "strict",
    ) -> list[tuple[float, str]]:
        """Return the k words nearest to A − B + C, of unit vectors, as pairs (cosine, word)."""
        unit = [v / (np.linalg.norm(v) + 1e-8) for v in map(self.get_word_vector, (wordA, wordB, wordC))]
        return self._nearest(unit[0] - unit[1] + unit[2], k, {wordA, wordB, wordC}, on_unicode_error)

    def _nearest(
        self, query: NDArray[Any], k: int, banned: set[str], on_unicode_error: str
    ) -> list[tuple[float, str]]:
        checked("k", k, whole(0))
        if self._word_vectors is None:
            self._word_vectors = self._content.word_vectors()
        rows, scores = top_k(query[None], self._word_vectors, k + len(banned))
        found = [
            (float(score), _decoded(self.words[row], on_unicode_error))
            for row, score in zip(rows[0].tolist(), scores[0].tolist(), strict=True)
            if row >= 0 and self.words[row] not in banned
        ]
        return found[:k]

    # -- labels ---------------------------------------------------------------------------------------------------

    def predict(
        self, text: Any, k: int = 1, threshold: float = 0.0, on_unicode_error: str = "strict"
    ) -> tuple[Any, Any]:
        """Return the k most probable labels and their probabilities.

        Args:
            text: One line (str), or a list of lines.
            k: Number of labels; -1: all.
            threshold: Least probability.
            on_unicode_error: Treatment of labels that are not UTF-8: "strict", "replace" or "ignore".

        Returns:
            For one line a tuple of labels and a float64 array; for a list, a list of lists of labels and a list
            of float32 arrays.

        Raises:
            ValueError: A text contains a line end, k is 0, or the model is unsupervised.
        """
        lines = [_one_line(entry, "predict")[:-1] for entry in (text if isinstance(text, list) else [text])]
        found, scores = prediction.predict(self.classifier, lines, k, threshold)
        names = [_decoded(label, on_unicode_error) for label in self._content.labels]
        labels = [[names[i] for i in of_line.tolist()] for of_line in found]
        if isinstance(text, list):
            return labels, np.split(scores, found.offsets[1:-1]) if lines else []
        return tuple(labels[0]), scores.astype(np.float64)

    def test(
        self, path: str | os.PathLike[str], k: int = 1, threshold: float = 0.0
    ) -> tuple[int, float, float]:
        """Return (examples, precision, recall) of the predictions for a file with labels."""
        metrics = prediction.measure(self.classifier, path, k, threshold)
        return metrics.n_texts, metrics.precision, metrics.recall

    def test_label(
        self, path: str | os.PathLike[str], k: int = 1, threshold: float = 0.0
    ) -> dict[str, dict[str, float]]:
        """Return precision, recall and f1score of each label."""
        by_label = prediction.measure(self.classifier, path, k, threshold).by_label()
        return {
            label: {"precision": of["precision"], "recall": of["recall"], "f1score": of["f1"]}
            for label, of in by_label.items()
        }

    def get_meter(self, path: str | os.PathLike[str], k: int = -1) -> _Meter:
        """Return the measures at all thresholds for a file with labels."""
        return _Meter(prediction.measure(self.classifier, path, k))

    # -- files ----------------------------------------------------------------------------------------------------

    def is_quantized(self) -> bool:
        """Return whether the model is quantised."""
        return self._content.is_quantized

    def quantize(
        self,
        input: str | os.PathLike[str] | None = None,
        qout: bool = False,
        cutoff: int = 0,
        retrain: bool = False,
        epoch: int | None = None,
        lr: float | None = None,
        thread: int | None = None,
        verbose: int | None = None,
        dsub: int = 2,
        qnorm: bool = False,
    ) -> None:
        """Quantise the model in place; see `TextClassifier.quantize`. After an error it is unchanged.

        Raises:
            ValueError: The model is unsupervised, quantised already or too small, or retrain needs `input`.
        """
        if not isinstance(self._source, TextClassifier):
            raise ValueError("For now we only support quantization of supervised models")
        if retrain and not input:
            raise ValueError("Need input file path if retraining")
        model = self._source
        is_pruned = 0 < cutoff < self._content.n_rows
        model.quantize(
            input if retrain and is_pruned else None,
            cutoff=cutoff,
            dsub=dsub,
            qnorm=qnorm,
            qout=qout,
            epochs=epoch or None,
            alpha=lr or None,
        )
        self._set_content(model)

    def save_model(self, path: str | os.PathLike[str]) -> None:
        """Write the model in fastText's format: .ftz if it is quantised, else .bin. The name may be any."""
        source = self._source
        files.write(path, fasttext_files.to_file(source) if isinstance(source, TextClassifier) else source)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("f", "_content")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(content=state["_source"])  # type: ignore[misc]
        vars(self).update(state)


def _decoded(text: str, errors: str) -> str:
    """Return a word whose bytes are not all UTF-8 as `errors` says; UnicodeDecodeError for "strict"."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", errors)


def _one_line(text: Any, method: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{method} takes a line of text (str) or a list of lines, not {type(text).__name__}")
    if "\n" in text:
        raise ValueError(f"{method} processes one line at a time (remove '\\n')")
    return f"{text}\n"


def _with_matrices(model: TextClassifier, rows: Floats, output: Floats) -> TextClassifier:
    """Return a model with other rows and the words and labels of `model`."""
    settings = {name: value for name, value in model.get_params().items() if name != "vector_size"}
    return TextClassifier.from_arrays(
        model.words, model.word_counts, model.labels, model.label_counts, rows, output, **settings
    )
