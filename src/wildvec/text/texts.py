"""Texts as `fit` and `transform` take them. In: an iterable of str or lists of tokens. Out: their tokens, or ids."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wildvec._text import VocabTable, prepare_text, remap_block
from wildvec.base.keys import Key
from wildvec.base.ragged import Ragged
from wildvec.text.corpus import table_of_keys
from wildvec.text.readers import BLOCK_BYTES, Tokenizer

BATCH_TOKENS = 100_000
CHARACTERS_PER_KEY = 10
TOKENS_PER_KEY = 2
MARK = "\x01"

Ids = NDArray[np.int32]


class Texts:
    """Texts that are read as often as needed; iteration gives lists of tokens.

    texts: An iterable of texts: a list, an array, a column of a table. A text is a str, which is split at white space
        (or by `tokenizer`), or an iterable of tokens. An iterator is read into a list.
    lowercase: Convert to lower case.
    TypeError: `texts` is one str, or no iterable. ValueError: it is a table; iteration would give its column names.

    >>> list(Texts(["a  b", ["c", "d"]]))
    [['a', 'b'], ['c', 'd']]
    """

    def __init__(self, texts: Any, tokenizer: Tokenizer | None = None, lowercase: bool = False) -> None:
        if isinstance(texts, (str, bytes, bytearray)) or not isinstance(texts, Iterable):
            what = f"{type(texts).__name__} {str(texts)[:40]!r}"
            raise TypeError(f"the texts are {what}; give a list of texts (of one text: [text])")
        if hasattr(texts, "tocsr"):
            raise TypeError(
                f"the texts are a sparse matrix ({type(texts).__name__}); give str or lists of tokens"
            )
        if hasattr(texts, "columns"):
            raise ValueError(f"the texts are a table ({type(texts).__name__}); give one of its columns")
        self.texts: Collection[Any] = texts if isinstance(texts, Collection) else list(texts)
        self.tokenizer = tokenizer
        self.lowercase = lowercase

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[list[Any]]:
        for number, text in enumerate(self.texts):
            yield self._tokens(text, number)

    def _tokens(self, text: Any, number: int) -> list[Any]:
        if isinstance(text, str):
            if self.lowercase:
                text = text.lower()
            return list(text.split() if self.tokenizer is None else self.tokenizer(text))
        if isinstance(text, np.ndarray):
            text = text.tolist()
        if isinstance(text, (bytes, bytearray)) or not isinstance(text, Iterable):
            what = f"{type(text).__name__} {text!r}"
            raise TypeError(f"text {number} is {what}; give a str or a list of tokens")
        if self.lowercase:
            return [token.lower() if isinstance(token, str) else token for token in text]
        return list(text)

    def known_ids(self, ids: Mapping[Key, int]) -> Generator[Ragged, None, None]:
        """Yield the ids of the known tokens of each text, in batches.

        ids: The keys and their ids 0, 1, …, in this order.

        >>> [batch[1].tolist() for batch in Texts(["a", "b x a"]).known_ids({"a": 0, "b": 1})]
        [[1, 0]]
        """
        if self._are_much_text(len(ids)):
            return self._ids_of_lines(ids)
        if self._are_many_tokens(len(ids)):
            return self._ids_of_lists(ids)
        return self._ids_of_tokens(ids)

    def _are_much_text(self, n_keys: int) -> bool:
        """Return whether all texts are str, and so many that it pays to make a table of the keys for the C core."""
        if self.tokenizer is not None or not all(isinstance(text, str) for text in self.texts):
            return False
        return sum(map(len, self.texts)) > CHARACTERS_PER_KEY * n_keys

    def _are_many_tokens(self, n_keys: int) -> bool:
        """Return whether all texts are lists, and so long that the table pays."""
        if not all(isinstance(text, list) for text in self.texts):
            return False
        return sum(map(len, self.texts)) > TOKENS_PER_KEY * n_keys

    def _ids_of_lists(self, ids: Mapping[Key, int]) -> Generator[Ragged, None, None]:
        """Yield the ids of lists of tokens, which are joined to lines, in batches of about BATCH_TOKENS."""
        table, mark = table_of_keys(ids), _mark(ids)
        batch: list[list[Any]] = []
        n_tokens = 0
        for number, text in enumerate(self.texts, 1):
            batch.append(text)
            n_tokens += len(text)
            if n_tokens < BATCH_TOKENS and len(batch) < BATCH_TOKENS and number < len(self.texts):
                continue
            found = _found_of_lists(batch, mark, table, self.lowercase)
            if found is None:
                yield from Texts(batch, lowercase=self.lowercase)._ids_of_tokens(ids, number - len(batch))
            else:
                yield _without_unknown(*found)
            batch, n_tokens = [], 0

    def _ids_of_lines(self, ids: Mapping[Key, int]) -> Generator[Ragged, None, None]:
        """Yield the ids in batches of about BLOCK_BYTES. A first token that is no key keeps empty lines."""
        table, mark = table_of_keys(ids), _mark(ids)
        lines: list[str] = []
        n_characters = 0
        for text in self.texts:
            lines.append(f"{mark} {text}")
            n_characters += len(text)
            if n_characters >= BLOCK_BYTES:
                yield from self._encode(lines, table, ids)
                lines, n_characters = [], 0
        if lines:
            yield from self._encode(lines, table, ids)

    def _encode(
        self, lines: list[str], table: VocabTable, ids: Mapping[Key, int]
    ) -> Generator[Ragged, None, None]:
        text = "\n".join(lines)
        if text.count("\n") >= len(lines):  # a line end within a text
            text = "\n".join(line.replace("\n", " ") for line in lines)
        if self.lowercase:
            text = text.lower()
        try:
            found = _scan(text, len(lines), table)
        except UnicodeEncodeError:  # a lone surrogate, which no key contains
            yield from Texts(lines, lowercase=self.lowercase)._ids_of_tokens(ids)
            return
        yield _without_unknown(*found)

    def _ids_of_tokens(self, ids: Mapping[Key, int], first: int = 0) -> Generator[Ragged, None, None]:
        """Yield the ids in batches of about BATCH_TOKENS tokens: each token is looked up in the dict.

        first: the number of the first text, for errors.
        """
        get: Callable[[Any], int | None] = ids.get
        found: list[int] = []
        ends = [0]
        for number, tokens in enumerate(self, first):
            try:
                found += [i for i in map(get, tokens) if i is not None]
            except TypeError as error:
                raise TypeError(f"text {number} has a token that is neither str nor int: {error}") from None
            ends.append(len(found))
            if len(found) >= BATCH_TOKENS or len(ends) > BATCH_TOKENS:
                yield _ragged(found, ends)
                found, ends = [], [0]
        if len(ends) > 1:
            yield _ragged(found, ends)


def _ragged(ids: list[int], ends: list[int]) -> Ragged:
    return Ragged(np.array(ids, np.int32), np.array(ends, np.int64))


def _mark(ids: Mapping[Key, int]) -> str:
    """Return a token that is no key; at the beginning of a line it keeps the line if it is otherwise empty."""
    mark = MARK
    while mark in ids:
        mark += MARK
    return mark


def _scan(text: str, n_lines: int, table: VocabTable) -> tuple[Ids, Ids]:
    """Return the ids of all tokens, negative if unknown, and where each line ends.

    UnicodeEncodeError: the text contains a lone surrogate.
    """
    data = np.frombuffer(bytearray(text, "utf-8"), np.uint8)
    prepare_text(data, False)
    found, ends = (np.empty(len(data) // 2 + 2, np.int32) for _ in range(2))
    n_ids, n_ends = table.scan_text(data, 0, found, ends)
    return found[:n_ids], np.append(ends[:n_ends], np.int32(n_ids))[:n_lines]


def _without_unknown(found: Ids, ends: Ids) -> Ragged:
    n_kept = remap_block(found, ends)
    return Ragged(found[:n_kept], np.concatenate([[0], ends]).astype(np.int64))


def _found_of_lists(
    lists: list[list[Any]], mark: str, table: VocabTable, lowercase: bool
) -> tuple[Ids, Ids] | None:
    """Return what `_scan` does; None if a token is no str, is empty, or has white space or a lone surrogate in it."""
    try:
        text = "\n".join([f"{mark} {' '.join(tokens)}" for tokens in lists])
        found, ends = _scan(text.lower() if lowercase else text, len(lists), table)
    except (TypeError, UnicodeEncodeError):
        return None
    lengths = np.fromiter(map(len, lists), np.int64, len(lists))
    is_whole = ends[-1] == len(found) and np.array_equal(np.diff(ends, prepend=0), lengths + 1)
    return (found, ends) if is_whole and all(map(all, lists)) else None
