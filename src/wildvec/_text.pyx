"""Guards around the text room of the C core."""

cimport cython
from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint8_t, uint32_t, uint64_t
from cpython.object cimport PyObject
from libc.string cimport memcpy

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
    int wv_scan_tokens(
        wv_vocab *vocab, const uint8_t *tokens, int64_t n_bytes, const uint32_t *lengths, int64_t n_tokens,
        uint64_t block, int frozen, wv_encoded *out
    )
    int wv_scan_ints(
        wv_vocab *vocab, const int64_t *values, int64_t n, uint64_t block, int frozen, wv_encoded *out
    )
    int64_t wv_split_sentences(
        const int32_t *ends, int64_t n_ends, int64_t n_ids, int64_t max_length, int64_t *open, int32_t *out
    )
    int64_t wv_remap_block(int32_t *ids, int64_t n_ids, int32_t *ends, int64_t n_ends, const int32_t *map)


def prepare_text(uint8_t[::1] text, bint lower):
    """Check UTF-8 and blank Unicode spaces in place: (offset of the first broken byte or -1, all ASCII?)."""
    cdef int ascii_only = 1
    cdef int64_t bad = -1
    if text.shape[0]:
        with nogil:
            bad = wv_prepare_text(&text[0], text.shape[0], lower, &ascii_only)
    return bad, bool(ascii_only)


def last_space(const uint8_t[::1] text):
    """The number of bytes up to and with the last ASCII white space, 0 if there is none."""
    return wv_last_space(&text[0], text.shape[0]) if text.shape[0] else 0


def split_sentences(const int32_t[::1] ends, int64_t n_ids, int64_t max_length, int64_t open_tokens):
    """Ends of a block's sentences with the over-long ones split, and the tokens left open."""
    if max_length < 1:
        raise ValueError(f"max_sentence_length={max_length}: give at least 1")
    out = np.empty(ends.shape[0] + n_ids // max_length + 1, np.int32)
    cdef int32_t[::1] view = out
    cdef const int32_t *first = &ends[0] if ends.shape[0] else NULL
    cdef int64_t n
    with nogil:
        n = wv_split_sentences(first, ends.shape[0], n_ids, max_length, &open_tokens, &view[0])
    return out[:n].copy(), open_tokens


def remap_block(int32_t[::1] ids, int32_t[::1] ends, const int32_t[::1] map=None):
    """Give ids their final meaning in place; returns how many are left at the front of `ids`."""
    cdef int32_t *ids_data = &ids[0] if ids.shape[0] else NULL
    cdef int32_t *ends_data = &ends[0] if ends.shape[0] else NULL
    cdef const int32_t *map_data = NULL
    if map is not None and map.shape[0]:
        map_data = &map[0]
    cdef int64_t left
    with nogil:
        left = wv_remap_block(ids_data, ids.shape[0], ends_data, ends.shape[0], map_data)
    return left


cdef extern from *:
    """
    #ifdef Py_LIMITED_API /* it shows no more of a str than a copy of its characters */
    #define WV_LENGTH(token) PyUnicode_GetLength(token)
    #define WV_ASCII(token) NULL
    #else
    #define WV_LENGTH(token) PyUnicode_GET_LENGTH(token)
    #define WV_ASCII(token) (PyUnicode_IS_COMPACT_ASCII(token) ? PyUnicode_DATA(token) : NULL)
    #endif
    #if defined(Py_LIMITED_API) || defined(Py_GIL_DISABLED) /* another thread may take what is borrowed away */
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
    uint32_t *PyUnicode_AsUCS4(object token, uint32_t *points, Py_ssize_t room, int end) except NULL
    bint PyUnicode_Check(PyObject *token)

cdef enum:
    SHORT_TOKEN = 64  # characters; a multiple of WV_POINTS


@cython.final
cdef class _Joined:
    """The UTF-8 of tokens with a byte 0 after each, and how many bytes each has.

    It leaves nothing in a str, as PyUnicode_AsUTF8 would.
    """

    cdef object data, lengths
    cdef uint8_t[::1] view
    cdef uint32_t[::1] lengths_view
    cdef uint8_t *bytes
    cdef uint32_t *lengths_data
    cdef int64_t used, room, n_tokens, lengths_room
    cdef uint32_t[SHORT_TOKEN] points

    def __cinit__(self, data, lengths):
        self.take(data)
        self.take_lengths(lengths)

    cdef int take(self, data) except -1:
        self.data = self.view = data
        self.bytes, self.room = &self.view[0], self.view.shape[0]
        return 0

    cdef int take_lengths(self, lengths) except -1:
        self.lengths = self.lengths_view = lengths
        self.lengths_data, self.lengths_room = &self.lengths_view[0], self.lengths_view.shape[0]
        return 0

    cdef int64_t add_all(self, sentence) except -2:
        """How many tokens the sentence has, each counted as it is joined; -1 if one is not text."""
        cdef int64_t n = 0
        if WV_BORROWS and type(sentence) is list:
            return self.add_list(sentence)
        for token in sentence:
            if not self.add(token):
                return -1
            n += 1
        return n

    cdef int64_t add_list(self, list sentence) except -2:
        """The same, without a reference to most tokens: taking one would write to each."""
        cdef Py_ssize_t i = 0
        cdef PyObject *token
        while i < len(sentence):  # which may change: what add allocates may wake finalizers
            token = WV_ITEM(sentence, i)
            if PyUnicode_Check(token) and WV_ASCII(token) != NULL:
                self.copy(<const uint8_t *>WV_ASCII(token), WV_LENGTH(token))
            elif not self.add(<object>token):
                return -1
            i += 1
        return i

    cdef inline int copy(self, const uint8_t *ascii, int64_t length) except -1:
        if self.used + length + WV_INLINE_BYTES + 1 > self.room:
            self.grow(length)
        wv_copy_token(self.bytes + self.used, ascii, length)
        return self.end_token(length)

    cdef inline int end_token(self, int64_t length) except -1:
        """The next token has so many bytes, which lie behind the others."""
        if self.n_tokens == self.lengths_room:
            larger = np.empty(2 * self.lengths_room, np.uint32)
            larger[:self.n_tokens] = self.lengths
            self.take_lengths(larger)
        self.lengths_data[self.n_tokens] = <uint32_t>length  # 4 GiB are refused where tokens are scanned
        self.n_tokens += 1
        self.used += length + 1
        self.bytes[self.used - 1] = 0
        return 0

    cdef bint add(self, object token) except -1:
        """Whether the token is text; it is not if it holds a lone surrogate."""
        if not isinstance(token, str):
            return False
        cdef int64_t length = WV_LENGTH(<PyObject *>token), size
        if WV_ASCII(<PyObject *>token) != NULL:
            self.copy(<const uint8_t *>WV_ASCII(<PyObject *>token), length)
            return True
        if self.used + 4 * length + WV_POINTS + 1 > self.room:
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
            encoded = str.encode(token)  # a subclass may have an encode of its own
        except UnicodeEncodeError:
            return -1
        memcpy(self.bytes + self.used, <const char *>encoded, len(encoded))
        return len(encoded)

    cdef int grow(self, int64_t length) except -1:
        larger = np.empty(2 * self.room + 4 * length + WV_POINTS + 1, np.uint8)
        larger[:self.used] = self.data[:self.used]
        return self.take(larger)


def join_tokens(items, tokens_of, int64_t first, int32_t[::1] ends, data, lengths):
    """Sentences from an iterator until they hold len(ends) tokens: (sentences, joined tokens, lengths, bytes).

    tokens_of(item, number): the tokens of what is no list or tuple; the first item has the number `first`.
    ends: gets the tokens up to the end of each sentence. data: uint8, at least one; where the tokens go if they
    fit, with a byte 0 between them. lengths: uint32, at least one; where each one's bytes are counted if they fit.
    The bytes of all are -1 if a token is not text.
    """
    cdef _Joined joined = _Joined(data, lengths)
    cdef bint is_text = True
    cdef int64_t n_tokens = 0, n, enough = ends.shape[0]
    cdef Py_ssize_t i = 0
    sentences = []
    for sentence in items:
        if type(sentence) is not list and type(sentence) is not tuple:
            sentence = tokens_of(sentence, first + i)
        sentences.append(sentence)
        n = joined.add_all(sentence) if is_text else -1
        is_text = n >= 0
        n_tokens += n if is_text else len(sentence)
        if n_tokens > INT32_MAX:
            raise ValueError(f"{i + 1} sentences from {first} on hold 2**31 tokens; split")
        ends[i] = <int32_t>n_tokens
        i += 1
        if n_tokens >= enough or i == enough:
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
    """Give the system what malloc keeps; of tables that were freed glibc's keeps up to 64 MB."""
    with nogil:
        WV_TRIM()


def vocab_bytes(int64_t size, int64_t key_bytes):
    """What a VocabTable of `size` tokens takes whose keys have key_bytes bytes together."""
    return wv_vocab_bytes(size, key_bytes)


cdef class VocabTable:
    """A table of distinct tokens: filled by scans of one thread, or frozen and shared by many."""

    cdef wv_vocab vocab
    cdef readonly bint frozen

    def __cinit__(self):
        check(wv_vocab_init(&self.vocab), "vocabulary")

    def __dealloc__(self):
        wv_vocab_free(&self.vocab)

    def __len__(self):
        return self.vocab.size

    def load(self, const uint8_t[::1] keys, const int64_t[::1] ends):
        """Add keys in order (key i is keys[ends[i-1]:ends[i]]) and freeze the table."""
        cdef int64_t n = ends.shape[0]
        if n and ends[n - 1] != keys.shape[0]:
            raise ValueError(f"the last key ends at {ends[n - 1]}, but there are {keys.shape[0]} bytes")
        if n and (ends[0] < 0 or np.any(np.diff(ends) < 0)):
            raise ValueError("the ends of the keys must ascend from 0")
        cdef uint8_t nothing = 0
        cdef const uint8_t *data = &keys[0] if keys.shape[0] else &nothing
        cdef int status = 0
        if n:
            with nogil:
                status = wv_vocab_load(&self.vocab, data, &ends[0], n)
        check(status, "vocabulary")
        self.frozen = True

    def scan_text(self, const uint8_t[::1] text, int64_t block, int32_t[::1] ids, int32_t[::1] ends):
        """Encode prepared text into ids and ends (room for half the bytes + 2 each): (n_ids, n_ends)."""
        cdef wv_encoded out
        if min(ids.shape[0], ends.shape[0]) < text.shape[0] // 2 + 2:
            raise ValueError(f"{text.shape[0]} bytes of text need room for {text.shape[0] // 2 + 2} ids and ends")
        if not text.shape[0]:
            return 0, 0
        cdef int status
        out.ids = &ids[0]
        out.ends = &ends[0]
        with nogil:
            status = wv_scan_text(&self.vocab, &text[0], text.shape[0], block, self.frozen, &out)
        check(status, "vocabulary")
        return out.n_ids, out.n_ends

    def scan_tokens(self, const uint8_t[::1] tokens, const uint32_t[::1] lengths, int64_t block, int32_t[::1] ids):
        """Encode tokens of so many bytes, with a byte 0 between them; ValueError if a new one holds a byte 0."""
        cdef wv_encoded out
        cdef int64_t n_tokens = lengths.shape[0]
        cdef const uint32_t *lengths_data = &lengths[0] if n_tokens else NULL
        if ids.shape[0] < max(n_tokens, 1):
            raise ValueError(f"{n_tokens} tokens need room for as many ids")
        if tokens.shape[0] >= 1 << 32:
            raise OverflowError("tokens that lie together hold 4 GiB or more; give shorter tokens")
        cdef uint8_t nothing = 0
        cdef const uint8_t *data = &tokens[0] if tokens.shape[0] else &nothing
        cdef int status
        out.ids = &ids[0]
        out.ends = NULL
        with nogil:
            status = wv_scan_tokens(
                &self.vocab, data, tokens.shape[0], lengths_data, n_tokens, block, self.frozen, &out)
        check(status, "tokens")

    def scan_ints(self, const int64_t[::1] values, int64_t block, int32_t[::1] ids):
        """Encode integers as tokens."""
        cdef wv_encoded out
        if ids.shape[0] < values.shape[0]:
            raise ValueError(f"{values.shape[0]} integers need room for as many ids")
        if not values.shape[0]:
            return
        cdef int status
        out.ids = &ids[0]
        out.ends = NULL
        with nogil:
            status = wv_scan_ints(&self.vocab, &values[0], values.shape[0], block, self.frozen, &out)
        check(status, "vocabulary")

    def merge(self, VocabTable other):
        """Count all of `other` into this table; returns the new id of each of its tokens (int32)."""
        map = np.empty(other.vocab.size + 1, np.int32)
        cdef int32_t[::1] view = map
        cdef int status
        with nogil:
            status = wv_vocab_merge(&self.vocab, &other.vocab, &view[0])
        check(status, "vocabulary")
        return map[:-1]

    def prune(self, int64_t min_count):
        """Drop tokens below min_count; returns the new id of each old one, -1 if dropped (int32)."""
        map = np.empty(self.vocab.size + 1, np.int32)
        cdef int32_t[::1] view = map
        cdef int status
        with nogil:
            status = wv_vocab_prune(&self.vocab, min_count, &view[0])
        check(status, "vocabulary")
        return map[:-1]

    def export(self):
        """(counts int64, places of first appearance uint64), by id."""
        counts, first = np.empty(self.vocab.size + 1, np.int64), np.empty(self.vocab.size + 1, np.uint64)
        cdef int64_t[::1] counts_view = counts
        cdef uint64_t[::1] first_view = first
        with nogil:
            wv_vocab_export(&self.vocab, &counts_view[0], &first_view[0])
        return counts[:-1], first[:-1]

    def keys(self, const int64_t[::1] ids, uint8_t separator):
        """The keys of these ids, each followed by the separator, as one array of bytes (uint8)."""
        cdef int64_t n = ids.shape[0]
        cdef uint8_t[::1] view
        if n and not 0 <= np.min(ids) <= np.max(ids) < self.vocab.size:
            raise IndexError(f"ids must lie in 0..{self.vocab.size - 1}")
        if not n:
            return np.empty(0, np.uint8)
        out = np.empty(wv_vocab_keys_bytes(&self.vocab, &ids[0], n), np.uint8)
        view = out
        with nogil:
            wv_vocab_keys(&self.vocab, &ids[0], n, separator, &view[0])
        return out

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
    const uint8_t[::1] block, float[:, ::1] rows, uint8_t[::1] keys, int64_t[:, ::1] odd,
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
