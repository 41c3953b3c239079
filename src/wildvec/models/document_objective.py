"""The objective of Doc2Vec: PV-DBOW or PV-DM.

Le, Mikolov (2014), "Distributed Representations of Sentences and Documents".

In: settings and the counts of a vocabulary. Out: matrices, and the task of the C core.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wildvec._train import Task
from wildvec.models.window_objective import CURVATURE, WindowObjective
from wildvec.text.vocab import NULL_WORD, noise_weights
from wildvec.training.feed import Feed
from wildvec.training.objective import MatrixSpec


@dataclass(frozen=True)
class DocumentObjective(WindowObjective):
    r"""PV-DBOW (dm=0) or PV-DM (dm=1); the fields are the settings of `Doc2Vec`.

    dm_mean: the hidden row of PV-DM is the mean (1) or the sum (0) of its rows; None: as cbow_mean says. dm_concat:
    it is their concatenation, that of dm_tag_count tags and 2 · window words; the vocabulary must then contain the
    word "\0", and windows do not shrink. dbow_words: PV-DBOW also trains words by skip-gram. n_documents: rows of the
    matrix "document_vectors". sg follows from dm, cbow_mean from dm_mean.
    """

    dm: int
    dm_mean: int | None
    dm_concat: int
    dm_tag_count: int
    dbow_words: int
    n_documents: int

    def __post_init__(self) -> None:
        self._set("sg", 1 - self.dm)
        if self.dm_mean is not None:
            self._set("cbow_mean", self.dm_mean)
        if self.dm and self.dm_concat:
            self._set("shrink_windows", False)

    def _set(self, name: str, value: int) -> None:
        object.__setattr__(self, name, value)  # the class is frozen

    @property
    def kernel(self) -> str:
        """The name of the objective in the C core."""
        if self.dm:
            return "dm_concat" if self.dm_concat else "dm"
        is_usual = not self.hs and not self.dbow_words and self.update == "block"
        return "dbow" if is_usual else "dbow_words"

    def shapes(self, n_words: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for a vocabulary of n words, without use counts."""
        specs = super().shapes(n_words)
        if self.kernel == "dm_concat":
            size = (self.dm_tag_count + 2 * self.window) * self.vector_size
            specs = (specs[0], *(replace(spec, size=size) for spec in specs[1:]))
        return (*specs, MatrixSpec("document_vectors", "documents", self.n_documents, self.vector_size))

    def matrices(self, feed: Feed) -> tuple[MatrixSpec, ...]:
        """Return the matrices of words, and that of documents, of which no worker has private copies."""
        *specs, documents = super().matrices(feed)
        if self.kernel == "dbow":  # words are not trained, and a token has `negative` pairs with noise
            words, output = specs
            noise = noise_weights(self.vocab.counts, self.ns_exponent)
            uses = words.uses + noise / noise.sum() * self.negative
            specs = [replace(words, uses=None), replace(output, uses=uses)]
        tags = getattr(feed, "tags", None)
        most = 1 if tags is None else max(1, int(np.diff(tags.offsets).max(initial=1)))
        specs = [replace(spec, rows_per_item=self._rows_per_item(spec, most)) for spec in specs]
        return (*specs, replace(documents, rows_per_item=most))

    def _rows_per_item(self, spec: MatrixSpec, most_tags: int) -> int:
        """Return how many rows of a matrix one token can use; also the row of the null word, with each token."""
        if spec.role == "input":
            return 2 if self.kernel == "dm_concat" else 1
        if spec.role != "output" or self.dm:
            return spec.rows_per_item
        if self.kernel == "dbow_words" and self.update == "block":
            return spec.rows_per_item
        draws = most_tags if self.kernel == "dbow" else 2 * self.window + most_tags
        return 1 + draws * self.noise_of_window()

    def _curvature(self, name: str, longest: int) -> float:
        is_tag = name == "document_vectors"
        if not is_tag and (self.dm or self.dbow_words):
            return super()._curvature(name, longest)
        targets = (1 + self.negative if self.negative else 0) + longest // 2
        pairs = targets if is_tag or name == "vectors" else 1  # in which one use takes part
        return float(np.float32(CURVATURE["vectors" if is_tag else name]) * np.float32(pairs))

    def noise_of_window(self) -> int:
        """Return the noise words of a window; two centres of PV-DBOW with words share some of theirs."""
        return self.negative if self.kernel == "dbow" else super().noise_of_window()

    def attach(self, task: Task) -> None:
        """Give the task windows, subsampling, noise and paths."""
        super().attach(task)
        if self.kernel == "dm_concat":
            null_word = self._null_word()
            task.documents(train_words=True, concat_tags=self.dm_tag_count, null_word=null_word)
        else:
            task.documents(train_words=bool(self.dm or self.dbow_words))

    def _null_word(self) -> int:
        if NULL_WORD not in self.vocab:
            raise ValueError(
                "dm_concat=1 needs the word '\\0' in the vocabulary, for positions outside a document; add it"
            )
        return self.vocab.key_to_index[NULL_WORD]
