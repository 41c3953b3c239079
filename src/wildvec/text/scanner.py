"""The step of one worker that reads a corpus: it converts blocks to provisional ids, those of its own table.

In: blocks of text or tokens. Out: pieces of ids. A PruningScanner drops rare tokens when its table is too large.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._text import VocabTable
from wildvec.base.pages import Scratch
from wildvec.text.readers import TextBlock, TokenBlock

Ids = NDArray[np.int32]
NEWLINE = ord("\n")


@dataclass
class Piece:
    """A block, or a part of it, after its scan."""

    scratch: Ids  # the ids are its first n_ids elements
    n_ids: int
    ends: Ids  # ids up to the end of each sentence
    scanner: Scanner
    generation: int  # how often the table was pruned before this piece
    advance: int = 0  # for the progress bar


class Scanner:
    """Converts a block with its number to pieces of ids; `table` numbers the tokens."""

    def __init__(self, table: VocabTable, scratch: Scratch, keep_empty: bool = False) -> None:
        self.table = table
        self.scratch = scratch
        self.keep_empty = keep_empty  # an empty line is a sentence
        self.prunings: list[Ids] = []  # new id of each old id, one array per pruning

    def __call__(self, numbered: tuple[int, TextBlock | TokenBlock]) -> list[Piece]:
        """Return the pieces of a block, in order. numbered: the number of the block in the source, and the block."""
        number, block = numbered
        if isinstance(block, TextBlock):
            pieces = self._pieces_of_text(block.clean(), number)
        else:
            try:
                pieces = self._pieces_of_tokens(block, number)
            except ValueError:
                if block.lengths is None:
                    raise
                raise block.explain_separator() from None
        block.release()
        pieces[-1].advance = block.advance
        return pieces

    def _pieces_of_text(self, data: NDArray[np.uint8] | bytes, number: int) -> list[Piece]:
        return [self._scan_text(data, number)]

    def _pieces_of_tokens(self, block: TokenBlock, number: int) -> list[Piece]:
        return [self._scan_tokens(block.data, block.lengths, block.n_tokens, block.ends, number)]

    def _scan_text(self, data: NDArray[np.uint8] | bytes, number: int) -> Piece:
        capacity = len(data) + 1 if self.keep_empty else len(data) // 2 + 2
        ids, ends = self.scratch.take(capacity), self.scratch.take(capacity)
        generation = len(self.prunings)
        n_ids, n_ends = self.table.scan_text(data, number, ids, ends, self.keep_empty)
        kept_ends = ends[:n_ends].copy()
        self.scratch.give(ends)
        return Piece(ids, n_ids, kept_ends, self, generation)

    def _scan_tokens(
        self, data: NDArray[Any], lengths: NDArray[np.uint32] | None, n: int, ends: Ids, number: int
    ) -> Piece:
        ids = self.scratch.take(max(n, 1))
        if lengths is None:
            self.table.scan_ints(data, number, ids)
        else:
            self.table.scan_tokens(data, lengths, number, ids)
        return Piece(ids, n, ends, self, len(self.prunings))


class PruningScanner(Scanner):
    """A scanner whose table has at most `max_size` tokens after each sentence, by gensim's rule.

    When there are more for the k-th time, tokens with a count below k are dropped. There is only one such scanner,
    because the result depends on all sentences so far.
    """

    def __init__(self, table: VocabTable, scratch: Scratch, keep_empty: bool, max_size: int) -> None:
        super().__init__(table, scratch, keep_empty)
        self.max_size = max_size
        self._n_scans = 0  # numbers the parts, so that the order of first appearance is known

    def _pieces_of_text(self, data: NDArray[np.uint8] | bytes, number: int) -> list[Piece]:
        text = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
        # n bytes hold at most (n + 1) // 2 tokens; the text after the last line end continues in the next block.
        line_ends = np.append(np.flatnonzero(text == NEWLINE) + 1, len(text))
        pieces = []
        for start, stop, _ in self._parts(line_ends, bytes_per_token=2):
            pieces.append(self._scan_text(text[start:stop], self._n_scans))
            if stop > start and text[stop - 1] == NEWLINE:
                self._prune()
        return pieces

    def _pieces_of_tokens(self, block: TokenBlock, number: int) -> list[Piece]:
        starts = None  # of each token in the data
        if block.lengths is not None:
            starts = np.concatenate([[0], np.cumsum(block.lengths.astype(np.int64) + 1)])
        pieces = []
        for start, stop, sentences in self._parts(block.ends.astype(np.int64), bytes_per_token=1):
            ends = block.ends[sentences] - np.int32(start)
            if starts is None or block.lengths is None:
                data, lengths = block.data[start:stop], None
            else:  # the last token has no separator behind it
                data = block.data[starts[start] : max(starts[start], starts[stop] - 1)]
                lengths = block.lengths[start:stop]
            pieces.append(self._scan_tokens(data, lengths, stop - start, ends, self._n_scans))
            self._prune()
        return pieces

    def _parts(
        self, ends: NDArray[np.int64], bytes_per_token: int
    ) -> Iterator[tuple[int, int, slice[int, int, None]]]:
        """Yield parts of a block: where each begins and ends, and its sentences.

        It is one sentence, or as many as the table can take without a pruning. ends: of the sentences in the data.
        """
        first = start = 0
        while first < len(ends):
            free = self.max_size - len(self.table)
            last = int(np.searchsorted(ends, start + free * bytes_per_token - 1, side="right"))
            last = max(last, first + 1)
            stop = int(ends[last - 1])
            self._n_scans += 1
            yield start, stop, slice(first, last)
            first, start = last, stop

    def _prune(self) -> None:
        if len(self.table) > self.max_size:
            self.prunings.append(self.table.prune(len(self.prunings) + 1))
