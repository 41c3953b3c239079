"""Files of vectors by key. In: a path. Out: a `KeyedVectors`, and the other way round."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from wildvec import io
from wildvec.base.checks import checked, number
from wildvec.io import counts, gensim_pickle, glove, word2vec
from wildvec.io.vectors import kind_by_name, load_attributed, read_class
from wildvec.vectors.keyed_rows import KeyedRows
from wildvec.vectors.row_attributes import COUNT

logger = logging.getLogger(__name__)

Path = str | os.PathLike[str]

OF_OTHERS = (".csv", ".tsv", ".json", ".npy", ".npz", ".parquet")  # endings of formats that are not written
SEP_LIMIT = 10 * 1024**2  # gensim's default, in bytes


class KeyedFiles(KeyedRows):
    """Methods of `KeyedVectors` that read and write files."""

    FILE_CLASS: ClassVar[str] = "KeyedVectors"  # in native files; `load` of a base class returns this class
    MODEL_CLASS: ClassVar[str | None] = None  # of a model whose files `load` reads as this class too

    def save(
        self,
        fname: Path,
        separately: Iterable[str] | None = None,
        sep_limit: int = SEP_LIMIT,
        ignore: Iterable[str] = (),
        pickle_protocol: int = 4,
    ) -> None:
        """Write keys, vectors and attributes to a file. Its ending decides the format.

        .bin is word2vec binary, .txt and .vec are word2vec text, .glove is GloVe's text. Every other ending (.wv,
        gensim's .kv, none) is the native format, which alone keeps attributes, float64 and int keys. Each may be
        compressed: add .gz, .bz2 or .xz. A warning is logged for endings of other formats, such as .csv.

        Args:
            fname: the file.
            separately: without effect: one file holds everything, and it can be memory-mapped.
            sep_limit: without effect, as separately.
            ignore: names of attributes to leave out, such as "count".
            pickle_protocol: without effect: the file is no pickle.

        Raises:
            ValueError: a key that the format cannot hold.
            TypeError: an attribute with values other than numbers, text and lists of these.
        """
        left_out = {ignore} if isinstance(ignore, str) else set(ignore)
        kept = {name: values for name, values in self.expandos.items() if name not in left_out}
        kind = kind_by_name(fname, io.Kind.NATIVE)
        if kind is io.Kind.NATIVE and str(fname).lower().endswith(OF_OTHERS):
            logger.warning(
                "%s: written in the native format; for text choose the ending .txt, .vec or .glove", fname
            )
        io.save(fname, self.index_to_key, self.vectors, kept.pop(COUNT, None), kind, more=kept)

    @classmethod
    def load(
        cls,
        fname: Path,
        mmap: bool | str | None = False,
        *,
        limit: int | None = None,
        errors: str = "strict",
        encoding: str = "utf-8",
    ) -> Self:
        """Read a file of vectors: native, word2vec text or binary, GloVe, or saved by gensim.

        The content decides the format.

        Args:
            fname: the file, plain or compressed.
            mmap: True or "r": map a native file, read-only, instead of reading it.
            limit: read only the first `limit` vectors; None: all.
            errors: treatment of keys that `encoding` cannot decode: "strict" (an error), "replace" or "ignore".
            encoding: encoding of the keys; a native file is always UTF-8.

        Raises:
            EOFError: the file is empty or cut off.
            AttributeError: a native file without vectors.
            ValueError: it is damaged or of an unknown kind; the text names the line.
        """
        if mmap not in (True, False, None, "r"):
            raise ValueError(f"mmap={mmap!r}: give True or 'r' (a file is mapped read-only), or False")
        if gensim_pickle.is_pickle(fname):
            from wildvec.vectors import gensim_vectors

            return gensim_vectors.load(fname, cls, mmap)  # type: ignore[arg-type, return-value]
        own = [c for c in cls.__subclasses__() if cls.FILE_CLASS != c.FILE_CLASS]
        subclasses = {name: c for c in own for name in (c.FILE_CLASS, c.MODEL_CLASS) if name}
        if subclasses and limit is None and (stored := subclasses.get(read_class(fname) or "")):
            return stored.load(fname, mmap)
        options: dict[str, Any] = {"limit": limit, "errors": errors, "encoding": encoding}
        keys, matrix, attributes = load_attributed(fname, bool(mmap), **options)
        wv = cls.from_arrays(keys, matrix)
        wv.expandos.update(attributes)
        return wv

    def save_word2vec_format(
        self,
        fname: Path,
        fvocab: Path | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str | None = COUNT,
    ) -> None:
        """Write word2vec's format; the arguments are gensim's.

        Args:
            fname: the file; the endings .gz, .bz2 and .xz compress it.
            fvocab: file for the values of `sort_attr`: lines of a key and its count.
            binary: binary instead of text.
            total_vec: number of vectors in the header; None: all of these.
            write_header: False: no header. Such a text file has GloVe's format.
            prefix: text before each key.
            append: add to the files that exist.
            sort_attr: attribute to sort by, the largest value first; None: keep the order. Without counts, "count"
                keeps the order.

        Raises:
            ValueError: a key with white space, which the format cannot hold; an attribute that does not exist or is
                not numeric; `fvocab` without counts.
        """
        values = self._sort_values(sort_attr)
        if fvocab is not None:
            if values is None:
                raise ValueError(f"fvocab={fvocab!r}: these vectors have no counts; leave fvocab out")
            order = np.argsort(-values, kind="stable")
            names = [self.index_to_key[i] for i in order.tolist()]
            counts.save(fvocab, names, values[order], prefix=prefix, append=append)
        word2vec.save(
            fname,
            self.index_to_key,
            self.vectors,
            values,
            binary,
            header=write_header,
            n_announced=total_vec,
            prefix=prefix,
            append=append,
        )

    def _sort_values(self, attr: str | None) -> NDArray[Any] | None:
        """Return the values of a numeric attribute; None if the order of rows is kept."""
        if attr is None or (attr == COUNT and COUNT not in self.expandos):
            return None
        values = self.expandos.get(attr)
        if values is None or values.dtype.kind not in "biuf":
            numeric = [name for name, array in self.expandos.items() if array.dtype.kind in "biuf"]
            raise ValueError(
                f"sort_attr={attr!r}: give 'count', or None to keep the order; numeric attributes: {numeric}"
            )
        return values.astype(np.float64 if values.dtype.kind == "f" else np.int64)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: Path,
        fvocab: Path | None = None,
        binary: bool = False,
        encoding: str = "utf-8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: DTypeLike = np.float32,
        no_header: bool = False,
        *,
        errors: str | None = None,
    ) -> Self:
        """Read word2vec's format; the arguments are gensim's.

        Args:
            fname: the file, plain or compressed.
            fvocab: file with the counts: lines of a key and its count.
            binary: binary instead of text.
            encoding: encoding of the keys.
            unicode_errors: treatment of keys that `encoding` cannot decode: "strict" (an error),
                "replace" or "ignore".
            limit: read only the first `limit` vectors; None: all.
            datatype: type of the vectors: float16, float32 or float64. Values are read as float32.
            no_header: a text file without a header, as GloVe's.
            errors: the same as unicode_errors, by the name that `load` has.

        Raises:
            EOFError: the file is empty or cut off.
            UnicodeDecodeError: a key that `encoding` cannot decode.
            ValueError: it is damaged or of another kind; the text names the line.
        """
        options: dict[str, Any] = {"limit": limit, "errors": errors or unicode_errors, "encoding": encoding}
        if np.dtype(datatype).kind != "f":
            raise TypeError(f"datatype={datatype!r}: give float16, float32 or float64")
        if no_header and binary:
            raise ValueError("no_header=True is for text files; a binary file needs its header")
        if no_header:
            keys, matrix = glove.load(fname, **options)
        else:
            keys, matrix = word2vec.load(fname, binary=binary, **options)
        del options["limit"]
        found = None if fvocab is None else counts.load(fvocab, keys, **options)
        return cls.from_arrays(keys, matrix.astype(datatype, copy=False), found)

    def intersect_word2vec_format(
        self,
        fname: Path,
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf-8",
        unicode_errors: str = "strict",
    ) -> int:
        """Take over the vectors that a file in word2vec's format has for keys of this object.

        No keys are added. The other vectors stay as they are.

        Args:
            fname: the file, plain or compressed.
            lockf: factor of the changes of these vectors in training (`vectors_lockf`): 0.0 freezes them, 1.0 trains
                them as all others.
            binary: binary instead of text.
            encoding: encoding of the keys.
            unicode_errors: treatment of keys that `encoding` cannot decode: "strict", "replace" or "ignore".

        Returns:
            The number of vectors taken over.

        Raises:
            EOFError: the file is empty or cut off.
            ValueError: its vectors have another size, or it is damaged or of another kind.
        """
        lockf = checked("lockf", lockf, number(0, 1e38))
        keys, matrix = word2vec.load(fname, binary=binary, encoding=encoding, errors=unicode_errors)
        if matrix.shape[1] != self.vector_size:
            raise ValueError(
                f"{os.fspath(fname)} has vectors of {matrix.shape[1]} values; these have {self.vector_size}"
            )
        rows, places = self._shared_rows(keys)
        self._take_rows(rows, matrix[places], lockf)
        logger.info("took over %d of %d vectors of %s", len(rows), len(keys), fname)
        return len(rows)

    def _shared_rows(self, keys: list[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the rows of the keys that have one, and their places in the list."""
        rows = np.array([self.key_to_index.get(key, -1) for key in keys], np.int64)
        places = np.flatnonzero(rows >= 0)
        return rows[places], places

    def _take_rows(self, rows: NDArray[np.int64], vectors: NDArray[Any], lockf: float) -> None:
        """Set vectors of rows and the factors of their changes."""
        self.vectors[rows] = vectors
        factors = self.__dict__.get("vectors_lockf", np.ones(1, np.float32))
        if len(factors) != len(self):
            factors = np.full(len(self), factors[0], np.float32)
        factors[rows] = lockf
        self.vectors_lockf = factors
