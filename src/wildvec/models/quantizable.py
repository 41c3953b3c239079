"""The part of TextClassifier that makes it small, and reads and writes fastText's files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, cast

from numpy.typing import NDArray

from wildvec.models import fasttext_files, quantizing
from wildvec.models.base import Model

if TYPE_CHECKING:
    from wildvec.models.text_classifier import TextClassifier


class QuantizableClassifier(Model):
    """A classifier whose rows may be stored in codes; see `quantizing` and `fasttext_files`."""

    _quantized: quantizing.Quantized | None
    pruned: bool

    def _compact_tensors(self, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return tensors if self._quantized is None else quantizing.compact(self._quantized, tensors)

    @classmethod
    def _expand_tensors(cls, tensors: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return quantizing.expand(tensors)

    @classmethod
    def load_fasttext(cls, path: str | os.PathLike[str], label_prefix: str = "__label__") -> Self:
        """Read a supervised model of fastText, .bin or .ftz; it predicts as in fastText.

        Args:
            path: The file; it may be compressed.
            label_prefix: How its labels begin; `labels` are without it. If a label begins in another way, all
                labels are kept whole.

        Raises:
            EOFError: The file is cut off.
            ValueError: It is damaged, of another kind, or of an unsupervised model.
        """
        return cast(Self, fasttext_files.load(cast("type[TextClassifier]", cls), path, label_prefix))

    def save_fasttext(self, path: str | os.PathLike[str]) -> None:
        """Write a file that fastText reads: .bin with all rows, or .ftz if the model is quantised.

        Raises:
            ValueError: A word or label contains white space, or the number of rows or columns does not fit.
            OSError: The file cannot be written. An existing file is then unchanged.
        """
        fasttext_files.save(cast("TextClassifier", self), path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file: fastText's format for names that end with .bin or .ftz, else native.

        Raises:
            ValueError: The name ends with .ftz, but the model is not quantised; or as in `save_fasttext`.
            OSError: The file cannot be written. An existing file is then unchanged.
        """
        if self._quantized is None and fasttext_files.is_fasttext_name(path, (".ftz",)):
            raise ValueError(
                f"{os.fspath(path)}: .ftz is for quantised models, and this one is not quantised; call quantize "
                "first, or save as .bin"
            )
        if fasttext_files.is_fasttext_name(path):
            self.save_fasttext(path)
        else:
            super().save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a model that `save` wrote, or a supervised model of fastText; errors as in `Model.load`."""
        return cls.load_fasttext(path) if fasttext_files.is_fasttext_file(path) else super().load(path)

    @property
    def is_quantized(self) -> bool:
        """Whether the rows are those that codes stand for."""
        return self._quantized is not None

    def _check_not_quantized(self, what: str) -> None:
        if self._quantized is not None:
            raise ValueError(
                f"the model is already quantized, so that it cannot {what}; use the model before it"
            )

    def quantize(
        self,
        texts: Iterable[Any] | str | os.PathLike[str] | None = None,
        labels: Iterable[Any] | None = None,
        *,
        cutoff: int = 0,
        dsub: int = 2,
        qnorm: bool = True,
        qout: bool = False,
        epochs: int | None = None,
        alpha: float | None = None,
    ) -> Self:
        """Make the model small: keep the features with the longest rows, and store the rows in codes.

        The model then predicts and is saved (also as .ftz, which fastText reads), but cannot be trained. n-grams
        without rows no longer count in the mean. After an error the model is unchanged. Product quantisation,
        Jégou et al. 2011; "FastText.zip", Joulin et al. 2016.

        Args:
            texts: As in `fit`, or the path of a file as for `fit_file`: train the rows that are left again before
                they are quantised. This needs a cutoff.
            labels: As in `fit`; None for a file.
            cutoff: Number of words and n-grams to keep; 0: all.
            dsub: Number of values that share one byte.
            qnorm: Quantise the lengths of rows on their own, in one byte more.
            qout: Also quantise the rows of labels.
            epochs: Of the training; None: those of the model.
            alpha: Learning rate of the training; None: that of the model.

        Raises:
            ValueError: Fewer than 256 rows are left, or the model is quantised already.
        """
        self._check_is_fitted()
        model = cast("TextClassifier", self)
        model._check_is_fitted()
        self._check_not_quantized("be quantized again")
        options = quantizing.Options(cutoff, dsub, bool(qnorm), bool(qout), epochs, alpha)
        quantizing.quantize(model, options, *quantizing.read_texts(model, texts, labels))
        return self
