"""The text module of the C core. In: Python objects and numpy arrays. Out: arrays, after checks of every argument.

Each function checks shapes, lengths and ranges once, releases the GIL for one C call and converts its status to an
exception.
"""

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport INT32_MAX, UINT32_MAX, int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from contextlib import nullcontext
from threading import Lock

import numpy as np

from wildvec.base.status import check

cdef extern from "wildvec.h" nogil:
    enum:
        WV_INLINE_BYTES
        WV_POINTS

    cdef struct wv_vocab:
        int32_t size

    cdef struct wv_encoded:
        int32_t *ids
        int32_t *ends
        int64_t n_ids
        int64_t n_ends
        int all_ends

    int64_t wv_prepare_text(uint8_t *text, int64_t n, int lower, int *ascii_only)
    int64_t wv_encode_utf8(const uint32_t *points, int64_t n, uint8_t *out)
    void wv_copy_token(uint8_t *out, const uint8_t *token, int64_t length)
    int64_t wv_last_space(const uint8_t *text, int64_t n)
    int wv_vocab_init(wv_vocab *vocab)
    void wv_vocab_free(wv_vocab *vocab)
    int64_t wv_vocab_bytes(int64_t size, int64_t key_bytes)
    int wv_vocab_load(wv_vocab *vocab, const uint8_t *keys, const int64_t *ends, int64_t n)
    int wv_vocab_merge(wv_vocab *into, const wv_vocab *source, int32_t *map)
    int wv_vocab_prune(wv_vocab *vocab, int64_t min_count, int32_t *map)
    void wv_vocab_export(const wv_vocab *vocab, int64_t *counts, uint64_t *first)
    int64_t wv_vocab_keys_bytes(const wv_vocab *vocab, const int64_t *ids, int64_t n)
    void wv_vocab_keys(const wv_vocab *vocab, const int64_t *ids, int64_t n, uint8_t separator, uint8_t *out)
    int wv_scan_text(
        wv_vocab *vocab, const uint8_t *text, int64_t n_bytes, uint64_t block, int frozen, wv_encoded *out
    )
    int wv_scan_lines(
        wv_vocab *vocab, const uint8_t *text, int64_t n_bytes, uint64_t block, int frozen, wv_encoded *out
    )
    int wv_scan_tokens(
        wv_vocab *vocab, const uint8_t *tokens, int64_t n_bytes, const uint32_t *lengths, int64_t n_tokens,
        uint64_t block, int frozen, wv_encoded *out
    )
    int wv_scan_ints(
        wv_vocab *vocab, const int64_t *values, int64_t n, uint64_t block, int frozen, wv_encoded *out
    )
    int wv_ends_fit(const int32_t *ends, int64_t n_ends, int64_t n_ids)
    int64_t wv_split_sentences(
        const int32_t *ends, int64_t n_ends, int64_t n_ids, int64_t max_length, int64_t *open, int32_t *out
    )
    int64_t wv_remap_block(
        int32_t *ids, int64_t n_ids, int32_t *ends, int64_t n_ends, const int32_t *map, int64_t n_map
    )


def prepare_text(uint8_t[::1] text not None, bint lower):
    """Check UTF-8 and replace Unicode spaces by ' ', in place: (offset of the first bad byte or -1, is ASCII)."""
    cdef int ascii_only = 1
    cdef int64_t bad = -1
    if text.shape[0]:
        with nogil:
            bad = wv_prepare_text(&text[0], text.shape[0], lower, &ascii_only)
    return bad, bool(ascii_only)


def last_space(const uint8_t[::1] text not None):
    """Return the number of bytes up to and with the last ASCII white space, 0 if there is none."""
    return wv_last_space(&text[0], text.shape[0]) if text.shape[0] else 0


cdef int check_ends(const int32_t[::1] ends, int64_t n_ids) except -1:
    cdef int fit = 1
    if ends.shape[0]:
        with nogil:
            fit = wv_ends_fit(&ends[0], ends.shape[0], n_ids)
    if not fit:
        raise ValueError(f"the sentence ends must ascend from 0 to at most {n_ids}, the number of ids")
    return 0


def split_sentences(const int32_t[::1] ends not None, int64_t n_ids, int64_t max_length, int64_t open_tokens):
    """Return the sentence ends of a block after longer sentences were split, and the tokens of its open sentence.

    ends: ascending, 0..n_ids. open_tokens: tokens of the sentence that earlier blocks left open, 0..max_length.
    """
    if max_length < 1:
        raise ValueError(f"max_sentence_length={max_length}: give at least 1")
    if not 0 <= n_ids <= INT32_MAX or not 0 <= open_tokens <= max_length:
        raise ValueError(f"n_ids={n_ids} must be 0..2**31 - 1, open_tokens={open_tokens} must be 0..{max_length}")
    check_ends(ends, n_ids)
    out = np.empty(ends.shape[0] + n_ids // max_length + 1, np.int32)
    cdef int32_t[::1] view = out
    cdef const int32_t *first = &ends[0] if ends.shape[0] else NULL
    cdef int64_t n
    with nogil:
        n = wv_split_sentences(first, ends.shape[0], n_ids, max_length, &open_tokens, &view[0])
    return out[:n].copy(), open_tokens


def remap_block(int32_t[::1] ids not None, int32_t[::1] ends not None, const int32_t[::1] map=None):
    """Replace each id by map[id] in place, drop those below 0, and adjust the ends; return how many ids are left.

    They are the first ones of `ids`. Without a map, only the ids below 0 are dropped. IndexError: an id is outside
    the map; `ids` and `ends` are then partly changed.
    """
    check_ends(ends, ids.shape[0])
    cdef int32_t *ids_data = &ids[0] if ids.shape[0] else NULL
    cdef int32_t *ends_data = &ends[0] if ends.shape[0] else NULL
    cdef int32_t empty = 0
    cdef const int32_t *map_data = NULL
    cdef int64_t n_map = 0
    if map is not None:
        n_map = map.shape[0]
        map_data = &map[0] if n_map else &empty
    cdef int64_t left
    with nogil:
        left = wv_remap_block(ids_data, ids.shape[0], ends_data, ends.shape[0], map_data, n_map)
    if left < 0:
        raise IndexError(f"an id is outside the map of {n_map} ids")
    return left


cdef extern from *:
    """
    #ifdef Py_LIMITED_API /* it can only copy the characters of a str */
    #define WV_LENGTH(token) PyUnicode_GetLength(token)
    #define WV_ASCII(token) NULL
    #else
    #define WV_LENGTH(token) PyUnicode_GET_LENGTH(token)
    #define WV_ASCII(token) (PyUnicode_IS_COMPACT_ASCII(token) ? PyUnicode_DATA(token) : NULL)
    #endif
    #if defined(Py_LIMITED_API) || defined(Py_GIL_DISABLED) /* another thread could free a borrowed reference */
    #define WV_BORROWS 0
    #define WV_ITEM(list, i) NULL
    #else
    #define WV_BORROWS 1
    #define WV_ITEM(list, i) PyList_GET_ITEM(list, i)
    #endif
    """
    Py_ssize_t WV_LENGTH(PyObject *token)
    const void *WV_ASCII(PyObject *token)
    const bint WV_BORROWS
    PyObject *WV_ITEM(list list, Py_ssize_t i)
    uint32_t *PyUnicode_AsUCS4(object token, uint32_t *points, Py_ssize_t capacity, int end) except NULL
    bint PyUnicode_Check(PyObject *token)

cdef enum:
    SHORT_TOKEN = 64  # characters; a multiple of WV_POINTS


@cython.final
cdef class _Joined:
    """The UTF-8 of tokens with a byte 0 after each, and the number of bytes of each.

    PyUnicode_AsUTF8 is not used, because it caches the UTF-8 in each str of the user.
    """

    cdef object data, lengths
    cdef uint8_t[::1] view
    cdef uint32_t[::1] lengths_view
    cdef uint8_t *bytes
    cdef uint32_t *lengths_data
    cdef int64_t used, capacity, n_tokens, lengths_capacity
    cdef uint32_t[SHORT_TOKEN] points

    def __cinit__(self, data, lengths):
        if not len(data) or not len(lengths):
            raise ValueError("data and lengths must have at least one element each")
        self.set_data(data)
        self.set_lengths(lengths)

    cdef int set_data(self, data) except -1:
        self.data = self.view = data
        self.bytes, self.capacity = &self.view[0], self.view.shape[0]
        return 0

    cdef int set_lengths(self, lengths) except -1:
        self.lengths = self.lengths_view = lengths
        self.lengths_data, self.lengths_capacity = &self.lengths_view[0], self.lengths_view.shape[0]
        return 0

    cdef int64_t add_all(self, sentence) except -2:
        """Join the tokens of a sentence; return their number, or -1 if one is not text."""
        cdef int64_t n = 0
        if WV_BORROWS and type(sentence) is list:
            return self.add_list(sentence)
        for token in sentence:
            if not self.add(token):
                return -1
            n += 1
        return n

    cdef int64_t add_list(self, list sentence) except -2:
        """The same for a list, without a new reference to most tokens: its count would be a write to each str."""
        cdef Py_ssize_t i = 0
        cdef PyObject *token
        while i < len(sentence):  # the list can change: an allocation in `add` can run finalizers
            token = WV_ITEM(sentence, i)
            if PyUnicode_Check(token) and WV_ASCII(token) != NULL and self.fits(WV_LENGTH(token)):
                self.copy(<const uint8_t *>WV_ASCII(token), WV_LENGTH(token))
            elif not self.add(<object>token):
                return -1
            i += 1
        return i

    cdef inline bint fits(self, int64_t length) noexcept:
        return self.used + length + WV_INLINE_BYTES + 1 <= self.capacity

    cdef inline int copy(self, const uint8_t *ascii, int64_t length) except -1:
        wv_copy_token(self.bytes + self.used, ascii, length)
        return self.end_token(length)

    cdef inline int end_token(self, int64_t length) except -1:
        """Count a token whose `length` bytes were just written behind the others."""
        if self.n_tokens == self.lengths_capacity:
            larger = np.empty(2 * self.lengths_capacity, np.uint32)
            larger[:self.n_tokens] = self.lengths
            self.set_lengths(larger)
        self.lengths_data[self.n_tokens] = <uint32_t>length  # scan_tokens refuses tokens of 4 GiB
        self.n_tokens += 1
        self.used += length + 1
        self.bytes[self.used - 1] = 0
        return 0

    cdef bint add(self, object token) except -1:
        """Join one token; return False if it is not text: no str, or with a lone surrogate."""
        if not isinstance(token, str):
            return False
        cdef int64_t length = WV_LENGTH(<PyObject *>token), size
        if WV_ASCII(<PyObject *>token) != NULL:
            if not self.fits(length):
                self.grow(length)
            self.copy(<const uint8_t *>WV_ASCII(<PyObject *>token), length)
            return True
        if self.used + 4 * length + WV_POINTS + 1 > self.capacity:
            self.grow(length)
        size = self.encode(token, length)
        if size < 0:
            return False
        self.end_token(size)
        return True

    cdef int64_t encode(self, object token, int64_t length) except -2:
        if length <= SHORT_TOKEN:
            PyUnicode_AsUCS4(token, self.points, SHORT_TOKEN, 0)
            return wv_encode_utf8(self.points, length, self.bytes + self.used)
        try:
            encoded = str.encode(token)  # a subclass may override encode
        except UnicodeEncodeError:
            return -1
        memcpy(self.bytes + self.used, <const char *>encoded, len(encoded))
        return len(encoded)

    cdef int grow(self, int64_t length) except -1:
        larger = np.empty(2 * self.capacity + 4 * length + WV_POINTS + 1, np.uint8)
        larger[:self.used] = self.data[:self.used]
        return self.set_data(larger)


def join_tokens(items, tokens_of, int64_t first, int32_t[::1] ends not None, data, lengths):
    """Join the tokens of sentences: (sentences, joined tokens, their lengths, bytes of all or -1).

    Takes sentences from the iterator `items` until they have len(ends) tokens. tokens_of(item, number): returns the
    tokens of an item that is neither list nor tuple; the first item has the number `first`. ends: receives the
    tokens up to the end of each sentence. data (uint8), lengths (uint32), at least one element each: receive the
    tokens with a byte 0 between them, and the bytes of each; if they are too small, new arrays are returned. The
    bytes of all are -1 if a token is not text.
    """
    cdef _Joined joined = _Joined(data, lengths)
    cdef bint is_text = True
    cdef int64_t n_tokens = 0, n, most = ends.shape[0]
    cdef Py_ssize_t i = 0
    if not most:
        raise ValueError("ends must have at least one element")
    sentences = []
    for sentence in items:
        if type(sentence) is not list and type(sentence) is not tuple:
            sentence = tokens_of(sentence, first + i)
        sentences.append(sentence)
        n = joined.add_all(sentence) if is_text else -1
        is_text = n >= 0
        n_tokens += n if is_text else len(sentence)
        if n_tokens > INT32_MAX:
            raise ValueError(f"the {i + 1} sentences from {first} on contain 2**31 tokens; split them")
        ends[i] = <int32_t>n_tokens
        i += 1
        if n_tokens >= most or i == most:
            break
    return sentences, joined.data, joined.lengths, max(joined.used - 1, 0) if is_text else -1


cdef extern from *:
    """
    #ifdef __GLIBC__
    #include <malloc.h>
    #define WV_TRIM() malloc_trim(0)
    #else
    #define WV_TRIM()
    #endif
    """
    void WV_TRIM() nogil


def trim_heap():
    """Return freed memory to the system; after tables are freed, glibc's malloc keeps up to 64 MB of it."""
    with nogil:
        WV_TRIM()


def vocab_bytes(int64_t size, int64_t key_bytes):
    """Return the memory of a VocabTable in bytes. size: tokens. key_bytes: the bytes of all keys together."""
    if not 0 <= size <= INT32_MAX or not 0 <= key_bytes <= 1 << 62:
        raise ValueError(f"size={size} must be 0..2**31 - 1, key_bytes={key_bytes} must be 0..2**62")
    return wv_vocab_bytes(size, key_bytes)


cdef class _Exclusive:
    """A lock for a `with` statement. RuntimeError: another thread is inside."""

    cdef object lock

    def __cinit__(self):
        self.lock = Lock()

    def __enter__(self):
        if not self.lock.acquire(False):
            raise RuntimeError("another thread uses this table; give each thread its own, or freeze it with `load`")

    def __exit__(self, *error):
        self.lock.release()


cdef class VocabTable:
    """A table of distinct tokens. One thread can fill it. After `load` it is frozen, and threads can share it.

    All methods raise RuntimeError if another thread uses a table that is not frozen, or if they would change a
    frozen one.
    """

    cdef wv_vocab vocab
    cdef _Exclusive exclusive
    cdef readonly bint frozen

    def __cinit__(self):
        self.exclusive = _Exclusive()
        check(wv_vocab_init(&self.vocab), "vocabulary")

    def __dealloc__(self):
        wv_vocab_free(&self.vocab)

    def __len__(self):
        return self.vocab.size

    cdef object reading(self):
        """Return the context manager of a method that does not change frozen tables."""
        return nullcontext() if self.frozen else self.exclusive

    cdef int check_not_frozen(self) except -1:
        """Must be called inside `exclusive`: another thread can freeze the table before."""
        if self.frozen:
            raise RuntimeError("the table is frozen; make a new one")
        return 0

    def load(self, const uint8_t[::1] keys not None, const int64_t[::1] ends not None):
        """Add keys in order and freeze the table. Key i is keys[ends[i - 1]:ends[i]]. ValueError: a key repeats."""
        cdef int64_t n = ends.shape[0]
        lengths = np.diff(ends, prepend=0)
        if (ends[n - 1] if n else 0) != keys.shape[0]:
            raise ValueError(f"the last key ends at {ends[n - 1] if n else 0}, but there are {keys.shape[0]} bytes")
        if n and (lengths.min() < 0 or lengths.max() > UINT32_MAX):
            raise ValueError("the ends of the keys must ascend from 0, and a key must be shorter than 4 GiB")
        cdef uint8_t empty = 0
        cdef const uint8_t *data = &keys[0] if keys.shape[0] else &empty
        cdef const int64_t *ends_data = &ends[0] if n else NULL
        cdef int status
        with self.exclusive:
            self.check_not_frozen()
            with nogil:
                status = wv_vocab_load(&self.vocab, data, ends_data, n)
            check(status, "vocabulary")
            self.frozen = True

    def scan_text(
        self, const uint8_t[::1] text not None, int64_t block, int32_t[::1] ids not None,
        int32_t[::1] ends not None, bint all_ends=False
    ):
        """Encode prepared text into `ids` and `ends`: (number of ids, number of ends).

        block: its number, 0..2**32 - 1. ids, ends: at least len(text) // 2 + 2 elements each. all_ends: also the
        ends of empty lines; ids and ends then have at least len(text) + 1 elements.
        """
        return self.scan(text, block, ids, ends, False, all_ends)

    cdef tuple scan(
        self, const uint8_t[::1] text, int64_t block, int32_t[::1] ids, int32_t[::1] ends, bint lines, bint all_ends
    ):
        """scan_text, or scan_lines, whose text needs more elements."""
        cdef wv_encoded out
        cdef int status
        cdef int64_t n_bytes = text.shape[0], n_needed
        n_needed = n_bytes + 1 if lines or all_ends else n_bytes // 2 + 2
        check_block(block, n_bytes, INT32_MAX - 1 if lines else INT32_MAX)
        if min(ids.shape[0], ends.shape[0]) < n_needed:
            raise ValueError(f"{n_bytes} bytes of text need {n_needed} elements of ids and of ends")
        if not n_bytes:
            return 0, 0
        out.ids, out.ends, out.all_ends = &ids[0], &ends[0], all_ends
        with self.reading():
            with nogil:
                if lines:
                    status = wv_scan_lines(&self.vocab, &text[0], n_bytes, block, self.frozen, &out)
                else:
                    status = wv_scan_text(&self.vocab, &text[0], n_bytes, block, self.frozen, &out)
            check(status, "vocabulary")
            return out.n_ids, out.n_ends

    def scan_lines(
        self, const uint8_t[::1] text not None, int64_t block, int32_t[::1] ids not None, int32_t[::1] ends not None
    ):
        """Encode whole lines as fastText does (csrc/text/features.h): (number of ids, number of lines).

        block: as in scan_text. ids, ends: at least len(text) + 1 elements each; ends receives the ids up to the end
        of each line. The id of a token that a frozen table lacks is ~offset of its first byte.
        """
        return self.scan(text, block, ids, ends, True, False)

    def scan_tokens(
        self, const uint8_t[::1] tokens not None, const uint32_t[::1] lengths not None, int64_t block,
        int32_t[::1] ids not None
    ):
        """Encode joined tokens into `ids`, at least one element and one per token.

        tokens: bytes of all, with a byte 0 between two tokens. lengths: bytes of each. block: as in scan_text.
        ValueError: a token that is new to the table contains a byte 0, or the lengths do not fit.
        """
        cdef wv_encoded out
        cdef int64_t n_bytes = tokens.shape[0], n_tokens = lengths.shape[0]
        check_block(block, n_bytes, UINT32_MAX)
        if ids.shape[0] < max(n_tokens, 1):
            raise ValueError(f"{n_tokens} tokens need {max(n_tokens, 1)} elements of ids")
        cdef const uint32_t *lengths_data = &lengths[0] if n_tokens else NULL
        cdef uint8_t empty = 0
        cdef const uint8_t *data = &tokens[0] if n_bytes else &empty
        cdef int status
        out.ids, out.ends = &ids[0], NULL
        with self.reading():
            with nogil:
                status = wv_scan_tokens(
                    &self.vocab, data, n_bytes, lengths_data, n_tokens, block, self.frozen, &out)
            check(status, "tokens")

    def scan_ints(self, const int64_t[::1] values not None, int64_t block, int32_t[::1] ids not None):
        """Encode integers into `ids`, at least one element per integer. block: as in scan_text."""
        cdef wv_encoded out
        cdef int64_t n = values.shape[0]
        check_block(block, n, UINT32_MAX)
        if ids.shape[0] < n:
            raise ValueError(f"{n} integers need {n} elements of ids")
        if not n:
            return
        cdef int status
        out.ids, out.ends = &ids[0], NULL
        with self.reading():
            with nogil:
                status = wv_scan_ints(&self.vocab, &values[0], n, block, self.frozen, &out)
            check(status, "vocabulary")

    def merge(self, VocabTable other not None):
        """Add the tokens and counts of `other` to this table; return the new id of each of its tokens (int32)."""
        cdef int32_t[::1] view
        cdef int status
        with self.exclusive, other.reading():
            self.check_not_frozen()
            map = np.empty(other.vocab.size + 1, np.int32)
            view = map
            with nogil:
                status = wv_vocab_merge(&self.vocab, &other.vocab, &view[0])
            check(status, "vocabulary")
            return map[:-1]

    def prune(self, int64_t min_count):
        """Drop tokens below min_count; return the new id of each old one, -1 if it was dropped (int32)."""
        cdef int32_t[::1] view
        cdef int status
        with self.exclusive:
            self.check_not_frozen()
            map = np.empty(self.vocab.size + 1, np.int32)
            view = map
            with nogil:
                status = wv_vocab_prune(&self.vocab, min_count, &view[0])
            check(status, "vocabulary")
            return map[:-1]

    def export(self):
        """Return by id: counts (int64), and block << 32 | index in the block of the first appearance (uint64)."""
        cdef int64_t[::1] counts_view
        cdef uint64_t[::1] first_view
        with self.reading():
            counts, first = np.empty(self.vocab.size + 1, np.int64), np.empty(self.vocab.size + 1, np.uint64)
            counts_view, first_view = counts, first
            with nogil:
                wv_vocab_export(&self.vocab, &counts_view[0], &first_view[0])
        return counts[:-1], first[:-1]

    def keys(self, const int64_t[::1] ids not None, uint8_t separator):
        """Return the keys of these ids, each followed by the separator, as one array of bytes (uint8)."""
        cdef int64_t n = ids.shape[0]
        cdef uint8_t[::1] view
        if not n:
            return np.empty(0, np.uint8)
        with self.reading():
            if not 0 <= np.min(ids) <= np.max(ids) < self.vocab.size:
                raise IndexError(f"the ids must lie in 0..{self.vocab.size - 1}")
            out = np.empty(wv_vocab_keys_bytes(&self.vocab, &ids[0], n), np.uint8)
            view = out
            with nogil:
                wv_vocab_keys(&self.vocab, &ids[0], n, separator, &view[0])
        return out


cdef int check_block(int64_t block, int64_t n, int64_t most) except -1:
    """Check the number and the size of a block: positions of tokens are stored as 32 bits + 32 bits."""
    if not 0 <= block <= UINT32_MAX:
        raise ValueError(f"block={block}: give the number of the block, 0..2**32 - 1")
    if n > most:
        raise OverflowError(f"a block has {n} bytes or integers, more than {most}; give smaller blocks or tokens")
    return 0

# --- Files of vectors (csrc/text/numbers.h) ---

cdef extern from "wildvec.h" nogil:
    struct wv_vector_sink:
        float *rows
        int64_t max_rows
        int64_t dim
        uint8_t *keys
        int64_t *odd
        int64_t max_odd
        int spaced_keys

    struct wv_vector_report:
        int64_t bytes
        int64_t lines
        int64_t rows
        int64_t key_bytes
        int64_t n_odd
        int64_t bad_begin
        int64_t bad_end

    int wv_read_vector_lines(
        const uint8_t *, int64_t, const wv_vector_sink *, wv_vector_report *)
    int wv_read_vector_records(
        const uint8_t *, int64_t, const wv_vector_sink *, wv_vector_report *)


def read_vectors(
    const uint8_t[::1] block not None, float[:, ::1] rows not None, uint8_t[::1] keys not None,
    int64_t[:, ::1] odd not None,
    bint binary, bint spaced_keys,
):
    """Parse whole lines (or binary records): (status, bytes, lines, rows, key bytes, odd, bad)."""
    cdef wv_vector_sink sink
    cdef wv_vector_report report = wv_vector_report(0, 0, 0, 0, 0, 0, 0)
    cdef int64_t size = block.shape[0]
    cdef int status
    if keys.shape[0] < size or odd.shape[1] != 3 or odd.shape[0] < rows.shape[1]:
        raise ValueError("keys must be as large as the block, odd (>= dim, 3)")
    if not size or not rows.shape[0] or not rows.shape[1]:
        return 0, 0, 0, 0, 0, 0, (0, 0)
    sink = wv_vector_sink(
        &rows[0, 0], rows.shape[0], rows.shape[1], &keys[0], &odd[0, 0], odd.shape[0], spaced_keys)
    with nogil:
        if binary:
            status = wv_read_vector_records(&block[0], size, &sink, &report)
        else:
            status = wv_read_vector_lines(&block[0], size, &sink, &report)
    return (status, report.bytes, report.lines, report.rows, report.key_bytes, report.n_odd,
            (report.bad_begin, report.bad_end))


# --- Features of texts (csrc/text/features.h) ---

cdef extern from "wildvec.h" nogil:
    enum: WV_SKIPPED

    struct wv_type:
        int32_t word
        uint32_t hash

    struct wv_feature_rules:
        const wv_type *types
        const int32_t *own_ids
        const int64_t *own_offsets
        int32_t n_types, n_words, word_ngrams, min_n, max_n, bucket, is_binary
        const uint8_t *label_prefix
        int64_t n_prefix

    void wv_hash_types(const uint8_t *keys, const int64_t *ends, int64_t n, wv_type *types)
    int64_t wv_own_features(
        const wv_feature_rules *rules, const uint8_t *keys, const int64_t *ends, int32_t *out, int64_t *offsets
    )
    int wv_line_features(
        const wv_feature_rules *rules, const int32_t *types, const int32_t *ends, int64_t n_lines,
        uint32_t *hashes, uint8_t *used, int32_t *out, int64_t capacity, int64_t *offsets, int64_t *n_out
    )
    int wv_types_fit(const int32_t *types, int64_t n, int32_t n_types)
    int64_t wv_count_lines(const uint8_t *text, int64_t n_bytes)

    struct wv_line_rows:
        int32_t *ids
        int64_t *offsets
        int64_t *sizes
        int64_t capacity, n_ids, n_lines
        int is_pruned, is_full

    int wv_find_rows(
        const wv_feature_rules *rules, wv_vocab *vocab, const int32_t *row_of, const uint8_t *text,
        int64_t n_bytes, wv_line_rows *to
    )
    void wv_gather_lists(
        const int32_t *ids, const int64_t *offsets, const int32_t *order, int64_t n, const int32_t *map,
        int32_t *out
    )


def gather_lists(
    const int32_t[::1] ids not None, const int64_t[::1] offsets not None, const int32_t[::1] order not None,
    const int32_t[::1] map not None, int32_t[::1] out not None,
):
    """Write the lists order[0], order[1], … of ids[offsets[i]:offsets[i + 1]] to `out`; each id becomes map[id]."""
    cdef int64_t n = order.shape[0], n_lists = offsets.shape[0] - 1
    if n_lists < 0 or offsets[0] < 0 or np.diff(offsets).min(initial=0) < 0 or offsets[n_lists] > ids.shape[0]:
        raise ValueError(f"{n_lists} offsets do not fit {ids.shape[0]} ids")
    if n and not 0 <= np.min(order) <= np.max(order) < n_lists:
        raise IndexError(f"the order holds numbers outside of 0..{n_lists - 1}")
    if ids.shape[0] and not 0 <= np.min(ids) <= np.max(ids) < map.shape[0]:
        raise IndexError(f"an id is outside the map of {map.shape[0]} ids")
    if np.diff(offsets)[np.asarray(order)].sum() != out.shape[0]:
        raise ValueError(f"out has {out.shape[0]} elements, which is not the length of all lists")
    if out.shape[0]:
        with nogil:
            wv_gather_lists(&ids[0], &offsets[0], &order[0], n, &map[0], &out[0])


cdef class FeatureTable:
    """The features of lines of text, as in fastText's supervised mode. Threads can share it.

    Type t is the distinct token keys[ends[t - 1]:ends[t]]. words: the word row of each type, -1: none. is_skipped:
    1 for types that are no words (labels). Unknown tokens that begin with `prefix` are skipped too. Row n_words + b
    is that of bucket b.
    """

    cdef wv_feature_rules rules
    cdef const int32_t[::1] own_ids
    cdef const int64_t[::1] own_offsets
    cdef int32_t[:, ::1] types
    cdef const uint8_t[::1] prefix

    def __cinit__(
        self, const uint8_t[::1] keys not None, const int64_t[::1] ends not None, const int32_t[::1] words not None,
        const uint8_t[::1] is_skipped=None, *, int64_t n_words, int32_t word_ngrams, int32_t min_n, int32_t max_n,
        int64_t bucket, bint binary=False, bytes prefix=b"",
    ):
        cdef int64_t n = ends.shape[0]
        if not n or words.shape[0] != n or (is_skipped is not None and is_skipped.shape[0] != n) or n > INT32_MAX:
            raise ValueError(f"{n} types need as many words and flags, and there must be one at least")
        if ends[n - 1] != keys.shape[0] or np.diff(ends, prepend=0).min() < 0:
            raise ValueError(f"the ends of the keys must ascend from 0 to {keys.shape[0]}")
        if np.min(words) < -1 or np.max(words) >= n_words:
            raise ValueError(f"the rows of words must be below {n_words}")
        if not 0 <= bucket <= INT32_MAX - n_words or min(word_ngrams, min_n, max_n) < 0 or max_n > 1000:
            raise ValueError(f"bucket={bucket}, word_ngrams={word_ngrams}, min_n={min_n}, max_n={max_n} do not fit")
        self.rules.n_types, self.rules.n_words, self.rules.bucket = n, n_words, bucket
        self.rules.word_ngrams, self.rules.min_n, self.rules.max_n = word_ngrams, max(min_n, 1), max_n
        self.rules.is_binary = binary
        self.prefix = prefix or b"\0"
        self.rules.label_prefix, self.rules.n_prefix = &self.prefix[0], len(prefix)
        self.set_types(words, is_skipped)
        self.set_own(keys, ends)

    cdef int set_types(self, const int32_t[::1] words, const uint8_t[::1] is_skipped) except -1:
        types = np.zeros((self.rules.n_types, 2), np.int32)
        types[:, 0] = words
        if is_skipped is not None:
            types[np.asarray(is_skipped) != 0, 0] = WV_SKIPPED
        self.types = types
        self.rules.types = <const wv_type *>&self.types[0, 0]
        return 0

    cdef int set_own(self, const uint8_t[::1] keys, const int64_t[::1] ends) except -1:
        cdef uint8_t empty = 0
        cdef const uint8_t *data = &keys[0] if keys.shape[0] else &empty
        cdef int64_t total
        offsets = np.empty(self.rules.n_types + 1, np.int64)
        cdef int64_t[::1] to_offsets = offsets
        cdef int32_t[::1] to_ids
        with nogil:
            wv_hash_types(data, &ends[0], self.rules.n_types, <wv_type *>&self.types[0, 0])
            total = wv_own_features(&self.rules, data, &ends[0], NULL, &to_offsets[0])
        ids = np.empty(max(total, 1), np.int32)
        to_ids = ids
        with nogil:
            wv_own_features(&self.rules, data, &ends[0], &to_ids[0], &to_offsets[0])
        self.own_ids, self.own_offsets = ids, offsets
        self.rules.own_ids, self.rules.own_offsets = &self.own_ids[0], &self.own_offsets[0]
        return 0

    @property
    def n_words(self):
        """The number of word rows."""
        return self.rules.n_words

    def own(self, int64_t type):
        """Return the features that one occurrence of a type has alone: its word row and its character n-grams."""
        if not 0 <= type < self.rules.n_types:
            raise IndexError(f"type {type} of {self.rules.n_types}")
        return np.asarray(self.own_ids[self.own_offsets[type]:self.own_offsets[type + 1]])

    def of_lines(
        self, const int32_t[::1] types not None, const int32_t[::1] ends not None, uint8_t[::1] used=None
    ):
        """Return the features of lines: ids (int32) and the number of features up to the end of each line (int64).

        types, ends: as VocabTable.scan_lines returns them. used: one element per feature, which is set to 1 for
        those of the lines.
        """
        cdef int64_t n = types.shape[0], n_lines = ends.shape[0]
        check_ends(ends, n)
        if not wv_types_fit(&types[0] if n else NULL, n, self.rules.n_types):
            raise ValueError(f"an id is no type of {self.rules.n_types}")
        if used is not None and used.shape[0] < self.rules.n_words + self.rules.bucket:
            raise ValueError(f"used has {used.shape[0]} elements; give {self.rules.n_words + self.rules.bucket}")
        offsets = np.empty(n_lines, np.int64)
        if not n_lines:
            return np.empty(0, np.int32), offsets
        cdef int64_t longest = np.diff(ends, prepend=0).max()
        cdef uint32_t[::1] hashes = np.empty(longest + 1, np.uint32)
        cdef int64_t[::1] to_offsets = offsets
        cdef const int32_t *types_data = &types[0] if n else NULL
        cdef int64_t capacity = (n + 1) * max(self.rules.word_ngrams, 1) + 2, total = -1
        cdef uint8_t *to_used = NULL if used is None or not used.shape[0] else &used[0]
        cdef int32_t[::1] to_ids
        cdef int status
        while total < 0:
            ids = np.empty(capacity, np.int32)
            to_ids = ids
            with nogil:
                status = wv_line_features(
                    &self.rules, types_data, &ends[0], n_lines, &hashes[0], to_used, &to_ids[0], capacity,
                    &to_offsets[0], &total)
            check(status, "features")
            capacity *= 2
        return ids[:total], offsets


cdef class RowEncoder:
    """From text to rows of a trained model. Threads can share it.

    words: a frozen table. features: of the types of this table. row_of: the row of each feature, -1: none. pruned:
    features without rows do not count.
    """

    cdef VocabTable words
    cdef FeatureTable features
    cdef const int32_t[::1] row_of
    cdef bint pruned

    def __cinit__(
        self, VocabTable words not None, FeatureTable features not None, const int32_t[::1] row_of not None,
        bint pruned=False
    ):
        cdef const wv_feature_rules *rules = &features.rules
        if not words.frozen or len(words) != rules.n_types:
            raise ValueError(f"the table of {len(words)} words must be frozen and have {rules.n_types} words")
        if row_of.shape[0] != rules.n_words + rules.bucket:
            raise ValueError(f"{row_of.shape[0]} rows for {rules.n_words + rules.bucket} features")
        self.words, self.features, self.row_of, self.pruned = words, features, row_of, pruned

    def encode(self, const uint8_t[::1] text not None):
        """Return the rows of the features of all lines, their offsets, and how many features of each line count."""
        cdef wv_line_rows to
        cdef int64_t n_bytes = text.shape[0], n_lines
        check_block(0, n_bytes, INT32_MAX - 1)
        if not n_bytes:
            return np.empty(0, np.int32), np.zeros(1, np.int64), np.empty(0, np.int64)
        n_lines = wv_count_lines(&text[0], n_bytes)
        offsets, sizes = np.empty(n_lines + 1, np.int64), np.empty(n_lines, np.int64)
        cdef int64_t[::1] to_offsets = offsets, to_sizes = sizes
        cdef int32_t[::1] to_ids
        cdef int status
        to.offsets, to.sizes, to.is_pruned, to.is_full = &to_offsets[0], &to_sizes[0], self.pruned, 1
        to.capacity = n_bytes // 2 + 4  # enough for words of 3 letters and pairs of them
        while to.is_full:
            ids = np.empty(to.capacity, np.int32)
            to_ids = ids
            to.ids = &to_ids[0]
            with nogil:
                status = wv_find_rows(
                    &self.features.rules, &self.words.vocab, &self.row_of[0], &text[0], n_bytes, &to)
            check(status, "features")
            to.capacity *= 2
        return ids[:to.n_ids], offsets, sizes


cdef extern from "wildvec.h" nogil:
    struct wv_ngram_rules:
        int32_t min_n, max_n, bucket, first

    int64_t wv_ngrams_of_words(wv_ngram_rules rules, const uint8_t *keys, const int64_t *ends, int64_t n,
                               int32_t *out, int64_t *offsets)


def find_ngrams(
    const uint8_t[::1] keys not None, const int64_t[::1] ends not None, int32_t min_n, int32_t max_n, int32_t bucket
):
    """Return the bucket of each n-gram of some words (int32), and the offsets of each word (int64).

    Word i is keys[ends[i - 1]:ends[i]]. bucket=0: no n-grams.
    """
    cdef int64_t n = ends.shape[0], n_ngrams
    cdef uint8_t empty = 0
    cdef const uint8_t *data = &keys[0] if keys.shape[0] else &empty
    if n and (ends[n - 1] != keys.shape[0] or np.diff(ends, prepend=0).min() < 0):
        raise ValueError(f"the ends of the keys must ascend from 0 to {keys.shape[0]}")
    if bucket < 0 or min(min_n, max_n) < 0 or max_n > 1000:
        raise ValueError(f"bucket={bucket}, min_n={min_n}, max_n={max_n} do not fit; max_n is at most 1000")
    cdef wv_ngram_rules rules = wv_ngram_rules(max(min_n, 1), max_n, bucket, 0)
    offsets = np.zeros(n + 1, np.int64)
    cdef int64_t[::1] to_offsets = offsets
    with nogil:
        n_ngrams = wv_ngrams_of_words(rules, data, &ends[0], n, NULL, &to_offsets[0]) if n else 0
    ids = np.empty(n_ngrams, np.int32)
    cdef int32_t[::1] to_ids = ids
    if n_ngrams:
        with nogil:
            wv_ngrams_of_words(rules, data, &ends[0], n, &to_ids[0], &to_offsets[0])
    return ids, offsets


cdef enum:
    ENTRY_BYTES = 9  # count and type of an entry of fastText's dictionary


def parse_entries(
    const uint8_t[::1] data not None, int64_t n, int kind, list words not None, int64_t[::1] counts not None
):
    """Append the whole entries of fastText's dictionary that `data` begins with, until there are n words.

    An entry is a word that ends with NUL, its count (int64) and its type (int8). counts[i]: receives the count of
    word i.
    Returns the bytes that the entries take. ValueError: an entry has another type than `kind`.
    """
    cdef int64_t at = 0, end, row = len(words), count, size = data.shape[0]
    cdef const char *bytes_of = <const char *>&data[0] if size else NULL
    cdef const char *nul
    if not 0 <= row <= n <= counts.shape[0]:
        raise ValueError(f"{row} of {n} words are known, and there is memory for {counts.shape[0]} counts")
    while row < n and at < size:
        nul = <const char *>memchr(bytes_of + at, 0, size - at)
        end = nul - bytes_of if nul else size
        if end + 1 + ENTRY_BYTES > size:
            break
        memcpy(&count, bytes_of + end + 1, 8)
        if <int8_t>data[end + ENTRY_BYTES] != kind or count < 0:
            raise ValueError(
                f"entry {row} of the dictionary, {bytes_of[at:min(end, at + 40)]!r}, has the type "
                f"{<int8_t>data[end + ENTRY_BYTES]} and the count {count}"
            )
        words.append(bytes_of[at:end].decode("utf-8", "surrogateescape"))
        counts[row] = count
        row += 1
        at = end + 1 + ENTRY_BYTES
    return at
