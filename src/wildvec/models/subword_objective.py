"""The objective of fastText: that of word2vec, where the row of a word is the mean of its parts (`SubwordIndex`).

Bojanowski, Grave, Joulin, Mikolov (2017), "Enriching Word Vectors with Subword Information". The kernel composes the
row of a token once (csrc/train/objective/subwords.inc.h).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wildvec._train import Task
from wildvec.models.subword_index import SubwordIndex
from wildvec.models.window_objective import WindowObjective
from wildvec.training.feed import Feed
from wildvec.training.objective import MatrixSpec

ROWS = "subword_rows"  # the matrix of words and buckets
# Buckets that occur per word; an upper bound for texts of usual languages, n-grams of 3 to 6 characters.
BUCKETS_PER_WORD = 12


@dataclass(frozen=True)
class SubwordObjective(WindowObjective):
    """Skip-gram or CBOW with subwords; the fields are the settings of `FastText`, and its index."""

    bucket: int
    index: SubwordIndex

    def shapes(self, n_words: int) -> tuple[MatrixSpec, ...]:
        """Return the matrices for a vocabulary of n words; another one than that of the index is estimated."""
        words, *others = super().shapes(n_words)
        n = self.index.n_words
        n_rows = self.index.n_rows if n_words == n else n_words + min(self.bucket, BUCKETS_PER_WORD * n_words)
        most = self.index.most_parts if n_words == n else 1
        return (replace(words, name=ROWS, rows=n_rows, rows_per_item=most), *others)

    def matrices(self, feed: Feed) -> tuple[MatrixSpec, ...]:
        """Return the rows of words and buckets, and the matrices of word2vec.

        Private copies of the most used n-grams were measured to cost more time than they save: tokens already
        collect changes, and merges are many because a token uses many rows.
        """
        words, *others = super().matrices(feed)
        uses = None if words.uses is None else self.index.uses(words.uses)
        return (replace(words, uses=uses, has_private_rows=False), *others)

    def attach(self, task: Task) -> None:
        """Give the task the parts of words, and what word2vec needs."""
        task.parts(self.index.ids, self.index.offsets)
        super().attach(task)
