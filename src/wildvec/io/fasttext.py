"""fastText's model files: .bin and .ftz. In: a path. Out: settings, dictionary and matrices, and the other way round.

The layout, little-endian: magic number and version (int32); settings (12 × int32, float64); the dictionary (three
int32, two int64), whose entries are a NUL-terminated word, its count (int64) and its type (int8, 1 for a label);
pairs of int32 (bucket, row) of the n-grams that are left after pruning; then the input and the output matrix,
each behind a byte that says whether it is quantised. A matrix is its numbers of rows and columns (int64) and its
float32 values.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import BinaryIO, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.io.atomic import write_atomically
from wildvec.io.binary import BinaryReader
from wildvec.io.source import Source
from wildvec.quantize.product import CENTROIDS, Codebooks, QuantizedMatrix

MAGIC = 793712314
VERSION = 12
FIRST_VERSION = 0  # files without a magic number and a version
OLD_VERSION = 11  # its supervised models have no character n-grams
HEAD = struct.pack("<i", MAGIC)
MAX_SIZE = 2**31 - 1  # of words, buckets and columns
NOT_PRUNED = -1
LOSSES = ("", "hs", "ns", "softmax", "ova")  # by their numbers in files
MODELS = ("", "cbow", "skipgram", "supervised")
SETTINGS = struct.Struct("<12id")
BLOCK_VALUES = 1 << 20


class RowBlocks(Protocol):
    """A matrix (n, dim) whose rows are made block by block while it is written."""

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the matrix."""

    def __len__(self) -> int:
        """The number of rows."""

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        """Return some rows."""

    def take(self, numbers: NDArray[np.int64], /) -> NDArray[np.float32]:
        """Return some rows by their numbers."""


Matrix = NDArray[np.float32] | QuantizedMatrix
Allocate = Callable[
    [str, int, int], NDArray[np.float32]
]  # (name, rows, columns) → matrix of rows with any stride


@dataclass(frozen=True)
class FastTextSettings:
    """The settings in a file, in their order, by fastText's names in snake case; `t`: threshold of subsampling."""

    dim: int = 100
    ws: int = 5
    epoch: int = 5
    min_count: int = 1
    neg: int = 5
    word_ngrams: int = 1
    loss: str = "softmax"
    model: str = "supervised"
    bucket: int = 0
    minn: int = 0
    maxn: int = 0
    lr_update_rate: int = 100
    t: float = 1e-4

    def pack(self) -> bytes:
        """Return the bytes in a file."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values |= {"loss": LOSSES.index(self.loss), "model": MODELS.index(self.model)}
        return SETTINGS.pack(*values.values())

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return the settings in these bytes. ValueError: a value is out of range."""
        names = [field.name for field in fields(cls)]
        values = dict(zip(names, SETTINGS.unpack(data), strict=True))
        for name, kinds in (("loss", LOSSES), ("model", MODELS)):
            number = values[name]
            if not 1 <= number < len(kinds):
                raise ValueError(f"the {name} has the number {number}; fastText has 1 to {len(kinds) - 1}")
            values[name] = kinds[number]
        for name, least in (("dim", 1), ("bucket", 0), ("minn", 0), ("maxn", 0)):
            if values[name] < least:
                raise ValueError(f"{name} is {values[name]}; it must be at least {least}")
        return cls(**values)


@dataclass(eq=False)
class FastTextFile:
    """The content of a file.

    Attributes:
        settings: Settings of the model and its training.
        words, word_counts: The words in the order of their rows, and their counts (int64).
        labels, label_counts: The labels with their prefix and their counts; none if the model is unsupervised.
        input: (n_words + n_buckets, dim): rows of words, then of n-grams.
        output: (n_labels, dim), or (n_words, dim) if the model is unsupervised.
        kept_buckets: Int32 (n_kept, 2), pairs (bucket, row − n_words) of the n-grams that have rows, in any
            order; None: the model is not pruned and has a row for each of `settings.bucket` buckets.
        n_tokens: Number of tokens in the training text.
        version: Version of the format. Unsupervised models are the same in 11 and 12.

    Bytes of words that are not UTF-8 are surrogates, as with errors="surrogateescape".
    """

    settings: FastTextSettings
    words: list[str]
    word_counts: NDArray[np.int64]
    labels: list[str]
    label_counts: NDArray[np.int64]
    input: Matrix | RowBlocks
    output: Matrix
    kept_buckets: NDArray[np.int32] | None = None
    n_tokens: int = 0
    version: int = VERSION

    @property
    def n_output_rows(self) -> int:
        """Number of rows that the output matrix must have."""
        return len(self.labels) if self.settings.model == "supervised" else len(self.words)

    @property
    def n_input_rows(self) -> int:
        """Number of rows that the input matrix must have."""
        kept = self.settings.bucket if self.kept_buckets is None else len(self.kept_buckets)
        return len(self.words) + kept

    def check(self) -> None:
        """Raise ValueError unless settings, dictionary and matrices fit each other."""
        dim = self.settings.dim
        for name, matrix, rows in (
            ("input", self.input, self.n_input_rows),
            ("output", self.output, self.n_output_rows),
        ):
            if isinstance(matrix, QuantizedMatrix) and matrix.codes.size > MAX_SIZE:
                raise ValueError(
                    f"the {name} matrix has {matrix.codes.size:,} codes; fastText stores at most {MAX_SIZE:,}"
                )
            if matrix.shape != (rows, dim):
                raise ValueError(
                    f"the {name} matrix has the shape {matrix.shape}; the model needs {(rows, dim)}"
                )
        if isinstance(self.output, QuantizedMatrix) and not isinstance(self.input, QuantizedMatrix):
            raise ValueError("the output alone is quantised; fastText has no such files")
        uses_buckets = self.settings.maxn > 0 or self.settings.word_ngrams > 1
        if uses_buckets and not self.settings.bucket:
            raise ValueError("the model uses n-grams, but its number of buckets is 0")
        if self.kept_buckets is not None:
            if not isinstance(self.input, QuantizedMatrix):
                raise ValueError(
                    "the model is pruned, but its input is not quantised; fastText has no such files"
                )
            _check_kept(self.kept_buckets, self.settings.bucket)
        for kind, names in (("word", self.words), ("label", self.labels)):
            if len(set(names)) < len(names):
                raise ValueError(f"a {kind} occurs twice in the dictionary")


def _check_kept(kept: NDArray[np.int32], n_buckets: int) -> None:
    buckets, rows = kept[:, 0], kept[:, 1]
    if len(kept) and not (buckets.min() >= 0 and buckets.max() < n_buckets):
        raise ValueError(f"an n-gram that is kept has a bucket outside 0 … {n_buckets - 1}")
    if (np.sort(rows) != np.arange(len(rows))).any() or len(np.unique(buckets)) < len(buckets):
        raise ValueError("the n-grams that are kept do not each have a bucket and a row of their own")


def is_fasttext(head: bytes) -> bool:
    """Return whether a file with these first bytes is a fastText model."""
    return head.startswith(HEAD)


# Read


@dataclass(frozen=True)
class ReadMode:
    """How a file is read.

    Attributes:
        allocate: Returns the memory that a float matrix, "input" or "output", is read into; None: a new array.
        output: Whether to read the output matrix; otherwise it is zeros without memory.
    """

    allocate: Allocate | None = None
    output: bool = True


WHOLE = ReadMode()
MOST_DIMENSIONS = 2**20  # a file that begins with a larger number is not of the first format


def read(path: str | os.PathLike[str], mode: ReadMode = WHOLE) -> FastTextFile:
    """Read a .bin or .ftz file, plain or compressed (gz, bz2, xz, zst). The content decides which it is.

    Every size is compared with the size of the file before memory is reserved. Matrices are read in place. Files of
    fastText before 2017, which have no magic number, are read too.

    Raises:
        EOFError: The file is empty or cut off.
        ValueError: It is no fastText model, or damaged; the text names the part and its position.
    """
    with Source(path) as source:
        return read_from(source, mode)


def read_from(open_source: Source, mode: ReadMode = WHOLE) -> FastTextFile:
    """Read an open file from its begin; otherwise like `read`."""
    source = BinaryReader(open_source)
    head = source.read(8, "the magic number")
    magic, version = struct.unpack("<2i", head)
    if magic != MAGIC:
        return _read_first_format(source, head, mode)
    if version not in (OLD_VERSION, VERSION):
        raise source.error(f"version {version}; wildvec reads {OLD_VERSION} and {VERSION}")
    try:
        return _read_content(source, version, source.read(SETTINGS.size, "the settings"), mode)
    except ValueError as error:
        raise source.error(str(error)) from error


def _read_first_format(source: BinaryReader, head: bytes, mode: ReadMode) -> FastTextFile:
    """Read a file of the first format, which begins with the settings."""
    try:
        return _read_content(
            source, FIRST_VERSION, head + source.read(SETTINGS.size - len(head), "settings"), mode
        )
    except (EOFError, ValueError) as error:
        could_be = int.from_bytes(head[:4], "little") < MOST_DIMENSIONS
        reason = f" ({error})" if could_be else "; read vectors of other formats with KeyedVectors.load"
        raise ValueError(
            f"{source.path} is no fastText model: it begins with {head[:4]!r}, not with {HEAD!r}{reason}"
        ) from error


def _read_content(source: BinaryReader, version: int, head: bytes, mode: ReadMode) -> FastTextFile:
    settings = FastTextSettings.unpack(head)
    if version == OLD_VERSION and settings.model == "supervised":
        settings = FastTextSettings(**{**vars(settings), "maxn": 0})
    n_words, n_labels, n_tokens, n_kept = _read_sizes(source, version)
    words, counts = source.read_entries(n_words, 0, "words")
    labels, label_counts = source.read_entries(n_labels, 1, "labels")
    kept = None
    if n_kept != NOT_PRUNED:
        kept = source.read_array((n_kept, 2), np.dtype("<i4"), "the n-grams that are kept")
    has_marks = version != FIRST_VERSION
    is_quantized = has_marks and source.read_flag("the mark of a quantised input")
    first = _read_matrix(source, is_quantized, "input", mode)
    output_is_quantized = has_marks and source.read_flag("the mark of a quantised output")
    second = _read_matrix(source, is_quantized and output_is_quantized, "output", mode)
    source.check_end()
    is_same = version == OLD_VERSION and settings.model != "supervised"
    written_as = OLD_VERSION if is_same else VERSION
    file = FastTextFile(
        settings, words, counts, labels, label_counts, first, second, kept, n_tokens, written_as
    )
    file.check()
    return file


def _read_sizes(source: BinaryReader, version: int) -> tuple[int, int, int, int]:
    """Return the numbers of words, labels, tokens and n-grams that are kept."""
    sizes = struct.Struct("<3iq" if version == FIRST_VERSION else "<3i2q")
    numbers = sizes.unpack(source.read(sizes.size, "the sizes of the dictionary"))
    n_entries, n_words, n_labels, n_tokens, n_kept = (*numbers, NOT_PRUNED)[:5]
    if min(n_words, n_labels) < 0 or n_words + n_labels != n_entries:
        raise ValueError(f"a dictionary of {n_entries} entries, {n_words} words and {n_labels} labels")
    if not NOT_PRUNED <= n_kept <= MAX_SIZE:
        raise ValueError(f"{n_kept} n-grams are kept")
    return n_words, n_labels, n_tokens, n_kept


def _read_matrix(source: BinaryReader, is_quantized: bool, name: str, mode: ReadMode) -> Matrix:
    if is_quantized:
        return _read_quantized(source, name)
    rows, columns = _read_shape(source, name)
    if name == "output" and not mode.output:
        source.skip(4 * rows * columns, "the output matrix")
        return np.broadcast_to(np.float32(0), (rows, columns))
    matrix = mode.allocate(name, rows, columns) if mode.allocate else None
    return source.read_floats((rows, columns), f"the {name} matrix", matrix)


def _read_shape(source: BinaryReader, name: str) -> tuple[int, int]:
    rows, columns = struct.unpack("<2q", source.read(16, f"the shape of the {name} matrix"))
    if not (0 <= rows < 2**62 and 1 <= columns <= MAX_SIZE):
        raise ValueError(f"the {name} matrix has {rows} rows and {columns} columns")
    return rows, columns


def _read_quantized(source: BinaryReader, name: str) -> QuantizedMatrix:
    has_norms = source.read_flag(f"the mark of norms of the {name} matrix")
    rows, columns = _read_shape(source, name)
    (n_codes,) = struct.unpack("<i", source.read(4, f"the number of codes of the {name} matrix"))
    if n_codes < 0 or (n_codes % rows if rows else n_codes):
        raise ValueError(f"{n_codes} codes do not fit the {rows} rows of the {name} matrix")
    parts = n_codes // rows if rows else 0
    codes = source.read_array((rows, parts), np.dtype(np.uint8), f"the codes of the {name} matrix")
    books = _read_codebooks(source, columns, f"the {name} matrix")
    if books.n_parts != parts:
        raise ValueError(f"rows of {parts} codes, but {books.n_parts} codebooks of the {name} matrix")
    if not has_norms:
        return QuantizedMatrix(codes, books)
    norm_codes = source.read_array((rows,), np.dtype(np.uint8), f"the norms of the {name} matrix")
    return QuantizedMatrix(
        codes, books, norm_codes, _read_codebooks(source, 1, f"norms of the {name} matrix")
    )


def _read_codebooks(source: BinaryReader, columns: int, name: str) -> Codebooks:
    dim, parts, dsub, last = struct.unpack("<4i", source.read(16, f"the sizes of the codebooks of {name}"))
    if dim != columns or dsub < 1 or parts != -(-dim // dsub) or last != (dim % dsub or dsub):
        raise ValueError(
            f"codebooks of {dim} columns in {parts} parts of {dsub}, the last of {last}, for {columns} columns "
            f"of {name}"
        )
    values = source.read_floats((1, dim * CENTROIDS), f"the codebooks of {name}")[0]
    return Codebooks(dim, dsub, values)


# Write


def write(path: str | os.PathLike[str] | BinaryIO, file: FastTextFile) -> None:
    """Write a model atomically. A file that was read is written with the same bytes.

    Raises:
        ValueError: The parts do not fit each other, or a word contains NUL or white space.
        OSError: As for `write_atomically`.
    """
    file.check()
    entries = [_entries(file.words, file.word_counts, 0), _entries(file.labels, file.label_counts, 1)]
    kept = file.kept_buckets
    sizes = (len(file.words) + len(file.labels), len(file.words), len(file.labels), file.n_tokens)
    with write_atomically(path) as stream:
        stream.write(struct.pack("<2i", MAGIC, file.version) + file.settings.pack())
        stream.write(struct.pack("<3i2q", *sizes, NOT_PRUNED if kept is None else len(kept)))
        stream.writelines(entries)
        if kept is not None:
            stream.write(kept.astype("<i4").tobytes())
        for matrix in (file.input, file.output):
            stream.write(bytes([isinstance(matrix, QuantizedMatrix)]))
            _write_matrix(stream, matrix)


def _entries(names: list[str], counts: NDArray[np.int64], kind: int) -> bytes:
    parts = []
    for name, count in zip(names, counts.tolist(), strict=True):
        word = name.encode("utf-8", "surrogateescape")
        if any(byte in b" \t\n\v\f\r\0" for byte in word):
            raise ValueError(f"{name!r} contains white space or NUL; fastText cannot read it")
        parts.append(b"%s\0%s" % (word, struct.pack("<qb", count, kind)))
    return b"".join(parts)


def _write_matrix(stream: BinaryIO, matrix: Matrix | RowBlocks) -> None:
    if isinstance(matrix, QuantizedMatrix):
        codes = matrix.codes
        stream.write(struct.pack("<?2qi", matrix.norm_codes is not None, *matrix.shape, codes.size))
        stream.write(codes.tobytes())
        _write_codebooks(stream, matrix.codebooks)
        if matrix.norm_codes is not None and matrix.norm_codebook is not None:
            stream.write(matrix.norm_codes.tobytes())
            _write_codebooks(stream, matrix.norm_codebook)
        return
    stream.write(struct.pack("<2q", *matrix.shape))
    n_rows = max(1, BLOCK_VALUES // matrix.shape[1])
    for begin in range(0, len(matrix), n_rows):
        stream.write(np.ascontiguousarray(matrix[begin : begin + n_rows], "<f4").data)


def _write_codebooks(stream: BinaryIO, books: Codebooks) -> None:
    last = books.dim % books.dsub or books.dsub
    stream.write(struct.pack("<4i", books.dim, books.n_parts, books.dsub, last))
    stream.write(books.centroids.astype("<f4").tobytes())
