"""Checked access to the phrases of the C core (csrc/phrases): counts of pairs of words, search for phrases."""

from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from contextlib import contextmanager
from threading import Lock

import numpy as np

from wildvec.base.status import check


cdef extern from "wildvec.h" nogil:
    enum:
        WV_CONNECTOR

    struct wv_string_hash:
        uint64_t value
        uint64_t power

    struct wv_strings:
        const uint8_t *bytes
        const int64_t *ends
        int64_t n

    struct wv_phrase_words:
        wv_strings strings
        const wv_string_hash *hashes
        const uint8_t *flags
        int64_t *counts
        int64_t *positions
        const uint8_t *delimiter
        int64_t n_delimiter
        wv_string_hash delimiter_hash

    struct wv_sequences:
        int32_t *parents
        int32_t *words
        int32_t n

    struct wv_pair_table:
        int64_t size
        int64_t n_revived
        wv_sequences sequences

    struct wv_id_sentences:
        const int32_t *ids
        const int32_t *ends
        int64_t n_ids, n_ends, n_begun, position

    struct wv_pair_arrays:
        int32_t *starts
        int32_t *betweens
        int32_t *ends
        int64_t *counts
        int64_t *positions
        int64_t n

    struct wv_string_map:
        wv_strings strings

    struct wv_phrase_rules:
        const wv_string_map *map
        const wv_string_map *connectors
        const double *values
        int scoring
        double threshold, min_count, len_vocab, corpus_word_count
        const uint8_t *delimiter
        int64_t n_delimiter

    struct wv_tokens:
        const uint8_t *bytes
        int64_t *starts
        uint32_t *lengths
        int32_t *ends
        int64_t n, n_ends

    struct wv_groups:
        int32_t *first
        int32_t *last
        int32_t *phrases
        double *scores
        int32_t *ends
        int64_t n

    wv_string_hash wv_hash_string(const uint8_t *bytes, int64_t length)
    int wv_string_map_init(wv_string_map *map, wv_strings strings)
    void wv_string_map_free(wv_string_map *map)
    int wv_pair_table_init(wv_pair_table *table)
    void wv_pair_table_free(wv_pair_table *table)
    void wv_hash_words(const wv_phrase_words *words, int64_t first, wv_string_hash *hashes, uint8_t *flags)
    int64_t wv_count_words(const wv_phrase_words *words, const wv_id_sentences *sentences)
    int wv_mark_words(wv_pair_table *, const wv_phrase_words *, int64_t first, int part, int n_parts)
    int wv_count_pairs(wv_pair_table *, const wv_phrase_words *, const wv_id_sentences *, int part, int n_parts)
    int wv_add_pairs(wv_pair_table *, const wv_phrase_words *, const wv_pair_arrays *, int part, int n_parts)
    void wv_export_pairs(const wv_pair_table *table, wv_pair_arrays *to)
    int wv_prune_pairs(wv_pair_table *table, int64_t most)
    int wv_merge_sequences(
        wv_sequences *into, const int32_t *parents, const int32_t *words, int32_t n, int32_t *map)
    int64_t wv_join_pairs(
        const wv_phrase_words *, const wv_sequences *, const wv_pair_arrays *, uint8_t *out, int64_t *out_ends)
    void wv_find_phrases(const wv_phrase_rules *rules, const wv_tokens *tokens, wv_groups *groups)
    void wv_split_lines(const uint8_t *text, int64_t n_bytes, wv_tokens *tokens)
    int64_t wv_written_bytes(const wv_phrase_rules *rules, const wv_tokens *tokens, int64_t n_bytes)
    int64_t wv_write_groups(
        const wv_phrase_rules *rules, const wv_tokens *tokens, int64_t n_bytes, const wv_groups *groups,
        uint8_t *out)
    void wv_score_strings(const wv_phrase_rules *rules, double *scores)


cdef class PhraseWords:
    """Words by id with their counts. delimiter: UTF-8 bytes that join the words of a phrase."""

    cdef wv_phrase_words words
    cdef readonly int64_t n
    cdef int64_t n_bytes
    cdef bytes delimiter
    cdef object lock
    cdef int n_readers
    cdef uint8_t[::1] bytes_view, flags_view
    cdef int64_t[::1] ends_view, counts_view, positions_view
    cdef uint64_t[:, ::1] hashes_view

    def __cinit__(self, bytes delimiter not None):
        self.delimiter = delimiter
        self.lock = Lock()
        self.words.delimiter = <const uint8_t *>self.delimiter
        self.words.n_delimiter = len(delimiter)
        self.words.delimiter_hash = wv_hash_string(self.words.delimiter, self.words.n_delimiter)
        self.bytes_view, self.ends_view = np.empty(1, np.uint8), np.empty(1, np.int64)
        self.flags_view, self.hashes_view = np.zeros(1, np.uint8), np.empty((1, 2), np.uint64)
        self.counts_view, self.positions_view = np.zeros(1, np.int64), np.zeros(1, np.int64)
        self.set_pointers()

    cdef int set_pointers(self) except -1:
        self.words.strings.bytes, self.words.strings.ends = &self.bytes_view[0], &self.ends_view[0]
        self.words.strings.n = self.n
        self.words.hashes, self.words.flags = <wv_string_hash *>&self.hashes_view[0, 0], &self.flags_view[0]
        self.words.counts, self.words.positions = &self.counts_view[0], &self.positions_view[0]
        return 0

    @contextmanager
    def reading(self):
        """Threads may read the words meanwhile, but not add any."""
        with self.lock:
            self.n_readers += 1
        try:
            yield
        finally:
            with self.lock:
                self.n_readers -= 1

    def append(self, const uint8_t[::1] blob not None):
        """Add words with the count 0: UTF-8, each followed by a byte 0. RuntimeError: a thread counts meanwhile."""
        ends = np.flatnonzero(np.asarray(blob) == 0)
        cdef int64_t first = self.n, added = len(ends)
        if blob.shape[0] != (ends[added - 1] + 1 if added else 0):
            raise ValueError("the last word has no byte 0 behind it")
        if first + added > INT32_MAX - 1:
            raise OverflowError(f"{first + added} words; at most 2**31 - 2 are possible")
        with self.lock:
            if self.n_readers:
                raise RuntimeError("another thread counts; add words before or after")
            self.bytes_view = grown(self.bytes_view, self.n_bytes, np.asarray(blob))
            self.ends_view = grown(self.ends_view, first, ends + self.n_bytes)
            self.flags_view = grown(self.flags_view, first, np.zeros(added, np.uint8))
            self.hashes_view = grown(self.hashes_view, first, np.zeros((added, 2), np.uint64))
            self.counts_view = grown(self.counts_view, first, np.zeros(added, np.int64))
            self.positions_view = grown(self.positions_view, first, np.zeros(added, np.int64))
            self.n += added
            self.n_bytes += blob.shape[0]
            self.set_pointers()
            with nogil:
                wv_hash_words(
                    &self.words, first, <wv_string_hash *>&self.hashes_view[0, 0], &self.flags_view[0])

    def set_connectors(self, const int64_t[::1] ids not None):
        """Say which words are connector words."""
        self.check_ids(ids)
        flags = np.asarray(self.flags_view)
        flags[np.asarray(ids)] |= WV_CONNECTOR

    def is_connector(self):
        """Return for each word whether it is a connector word, bool (n,)."""
        return (np.asarray(self.flags_view)[:self.n] & WV_CONNECTOR) != 0

    def counts(self):
        """Return the counts of the words, int64 (n,): a view that may be changed until words are added."""
        return np.asarray(self.counts_view)[:self.n]

    def positions(self):
        """Return the positions of the first occurrences, as `counts`."""
        return np.asarray(self.positions_view)[:self.n]

    def blob(self):
        """Return the words, each followed by a byte 0, and the positions of these bytes."""
        return np.asarray(self.bytes_view)[:self.n_bytes], np.asarray(self.ends_view)[:self.n]

    cdef int check_ids(self, ids) except -1:
        if len(ids) and not 0 <= np.min(ids) <= np.max(ids) < self.n:
            raise IndexError(f"the ids of words must lie in 0..{self.n - 1}")
        return 0

    def count(self, const int32_t[::1] ids not None, int64_t n_begun, int64_t position):
        """Count the tokens from n_begun on; return how many words had the count 0. position: of ids[0]."""
        cdef wv_id_sentences sentences
        cdef int64_t n_new
        self.check_ids(ids)
        if not 0 <= n_begun <= ids.shape[0] or not -n_begun <= position < 1 << 61:
            raise ValueError(f"n_begun={n_begun}, position={position}: they do not fit {ids.shape[0]} ids")
        sentences.ids, sentences.n_ids = &ids[0] if ids.shape[0] else NULL, ids.shape[0]
        sentences.n_begun, sentences.position = n_begun, position
        with self.reading():
            with nogil:
                n_new = wv_count_words(&self.words, &sentences)
        return n_new

    def join(self, Pairs pairs not None, PairTable sequences not None):
        """Return the strings of pairs, each followed by a byte 0, and the positions of these bytes (int64)."""
        cdef int64_t n_bytes
        cdef uint8_t[::1] out_view
        cdef int64_t[::1] ends_view
        pairs.check_fit(self, sequences)
        ends = np.empty(pairs.arrays.n + 1, np.int64)
        ends_view = ends
        n_bytes = wv_join_pairs(&self.words, &sequences.table.sequences, &pairs.arrays, NULL, NULL)
        out = np.empty(n_bytes + 1, np.uint8)
        out_view = out
        with nogil:
            wv_join_pairs(&self.words, &sequences.table.sequences, &pairs.arrays, &out_view[0], &ends_view[0])
        return out[:n_bytes], ends[:pairs.arrays.n]


cdef object grown(view, int64_t n, more):
    """Return the first n elements and more behind them, in the same array if there is space."""
    array = np.asarray(view)
    if n + len(more) > len(array):
        array = np.concatenate([array[:n], np.zeros((n + 2 * len(more), *array.shape[1:]), array.dtype)])
    array[n:n + len(more)] = more
    return array


cdef class Pairs:
    """Pairs of words in arrays: start, sequence of connector words, end (int32); counts, positions (int64)."""

    cdef wv_pair_arrays arrays
    cdef int32_t[::1] starts_view, betweens_view, ends_view
    cdef int64_t[::1] counts_view, positions_view

    def __cinit__(self, starts, betweens, ends, counts, positions):
        if not len(starts) == len(betweens) == len(ends) == len(counts) == len(positions):
            raise ValueError("the arrays of pairs differ in length")
        self.starts_view, self.betweens_view, self.ends_view = starts, betweens, ends
        self.counts_view, self.positions_view = counts, positions
        self.arrays.n = len(starts)
        if not self.arrays.n:
            return
        self.arrays.starts, self.arrays.betweens = &self.starts_view[0], &self.betweens_view[0]
        self.arrays.ends = &self.ends_view[0]
        self.arrays.counts, self.arrays.positions = &self.counts_view[0], &self.positions_view[0]

    @staticmethod
    def empty(int64_t n):
        """Return n pairs with arbitrary values."""
        parts = [np.empty(n, np.int32) for _ in range(3)] + [np.empty(n, np.int64) for _ in range(2)]
        return Pairs(*parts)

    def __len__(self):
        return self.arrays.n

    def parts(self):
        """Return the arrays, in the order of the constructor."""
        return (
            np.asarray(self.starts_view), np.asarray(self.betweens_view), np.asarray(self.ends_view),
            np.asarray(self.counts_view), np.asarray(self.positions_view))

    cdef int check_fit(self, PhraseWords words, PairTable sequences) except -1:
        words.check_ids(self.starts_view)
        words.check_ids(self.ends_view)
        if not self.arrays.n:
            return 0
        if not 0 <= np.min(self.betweens_view) <= np.max(self.betweens_view) < sequences.table.sequences.n:
            raise IndexError(f"the sequences must lie in 0..{sequences.table.sequences.n - 1}")
        if np.min(self.counts_view) < 1 or np.max(self.counts_view) > 1 << 62:
            raise ValueError("the counts of pairs must lie in 1..2**62")
        return 0


cdef class PairTable:
    """The counts of the pairs of one part of n_parts. One thread can use it at a time."""

    cdef wv_pair_table table
    cdef PhraseWords words
    cdef object lock
    cdef int part, n_parts

    def __cinit__(self, PhraseWords words not None, int part=0, int n_parts=1):
        if not 0 <= part < n_parts <= 10000:
            raise ValueError(f"part={part} of n_parts={n_parts}: give 0 <= part < n_parts <= 10000")
        self.words, self.part, self.n_parts = words, part, n_parts
        self.lock = Lock()
        check(wv_pair_table_init(&self.table), "phrases")

    def __dealloc__(self):
        wv_pair_table_free(&self.table)

    def __len__(self):
        return self.table.size

    @contextmanager
    def exclusive(self):
        """RuntimeError: another thread uses the table."""
        if not self.lock.acquire(False):
            raise RuntimeError("another thread uses this table; wait for it")
        try:
            with self.words.reading():
                yield
        finally:
            self.lock.release()

    def take_revived(self):
        """Return how many words got their first count from a pair since the last call."""
        n, self.table.n_revived = self.table.n_revived, 0
        return n

    def mark(self, int64_t first):
        """Prepare for new words, those from number `first` on; call it for each word before `count`."""
        cdef int status
        if not 0 <= first <= self.words.n:
            raise IndexError(f"first={first}: there are {self.words.n} words")
        with self.exclusive():
            with nogil:
                status = wv_mark_words(&self.table, &self.words.words, first, self.part, self.n_parts)
        check(status, "phrases")

    def count(
        self, const int32_t[::1] ids not None, const int32_t[::1] ends not None, int64_t position
    ):
        """Count the pairs of sentences. ends: ids up to the end of each; the last one may have no end."""
        cdef wv_id_sentences sentences
        cdef int status
        cdef int64_t n_ends = ends.shape[0]
        self.words.check_ids(ids)
        if n_ends and (ends[0] < 0 or ends[n_ends - 1] > ids.shape[0] or (np.diff(ends) < 0).any()):
            raise ValueError(f"the ends of sentences must ascend from 0 to at most {ids.shape[0]}")
        sentences.ids, sentences.n_ids = &ids[0] if ids.shape[0] else NULL, ids.shape[0]
        sentences.ends, sentences.n_ends = &ends[0] if n_ends else NULL, n_ends
        sentences.position = position
        with self.exclusive():
            with nogil:
                status = wv_count_pairs(
                    &self.table, &self.words.words, &sentences, self.part, self.n_parts)
        check(status, "phrases")

    def add(self, Pairs pairs not None):
        """Add the counts of those pairs that are in this part."""
        cdef int status
        with self.exclusive():
            pairs.check_fit(self.words, self)
            with nogil:
                status = wv_add_pairs(
                    &self.table, &self.words.words, &pairs.arrays, self.part, self.n_parts)
        check(status, "phrases")

    def prune(self, int64_t most):
        """Drop pairs with a count of at most `most`."""
        cdef int status
        with self.exclusive():
            with nogil:
                status = wv_prune_pairs(&self.table, most)
        check(status, "phrases")

    def export(self):
        """Return all pairs, in any order."""
        cdef Pairs pairs = Pairs.empty(self.table.size)
        with self.exclusive():
            with nogil:
                wv_export_pairs(&self.table, &pairs.arrays)
        return pairs

    def sequences(self):
        """Return the sequences of connector words: sequence i is sequence parents[i] and then words[i] (int32)."""
        cdef int32_t n = self.table.sequences.n
        parents = np.empty(n, np.int32)
        words = np.empty(n, np.int32)
        cdef int32_t[::1] parents_view = parents, words_view = words
        cdef int32_t i
        for i in range(n):
            parents_view[i], words_view[i] = self.table.sequences.parents[i], self.table.sequences.words[i]
        return parents, words

    def add_sequences(self, const int32_t[::1] parents not None, const int32_t[::1] words not None):
        """Add sequences of connector words that `sequences` returned; return the number of each here (int32)."""
        cdef int32_t n = parents.shape[0]
        cdef int status
        if not n or words.shape[0] != n:
            raise ValueError(f"{n} parents need as many words, and at least one")
        if n > 1 and (np.asarray(parents)[1:] >= np.arange(1, n)).any() or np.min(parents) < 0:
            raise ValueError("a sequence must come after its parent")
        self.words.check_ids(words[1:])
        map = np.empty(n, np.int32)
        cdef int32_t[::1] view = map
        with self.exclusive():
            with nogil:
                status = wv_merge_sequences(&self.table.sequences, &parents[0], &words[0], n, &view[0])
        check(status, "phrases")
        return map


cdef class StringMap:
    """Distinct strings: UTF-8, each followed by a byte 0; ends: the positions of these bytes."""

    cdef wv_string_map map
    cdef const uint8_t[::1] bytes_view
    cdef const int64_t[::1] ends_view

    def __cinit__(self, const uint8_t[::1] blob not None, const int64_t[::1] ends not None):
        cdef int64_t n = ends.shape[0]
        cdef wv_strings strings
        cdef int status
        if (n and (ends[0] < 0 or (np.diff(ends) < 1).any())) or blob.shape[0] < (ends[n - 1] + 1 if n else 0):
            raise ValueError(f"the ends of {n} strings do not fit {blob.shape[0]} bytes")
        self.bytes_view, self.ends_view = blob, ends
        strings.bytes, strings.ends = &blob[0] if n else NULL, &ends[0] if n else NULL
        strings.n = n
        with nogil:
            status = wv_string_map_init(&self.map, strings)
        check(status, "phrases")

    def __dealloc__(self):
        wv_string_map_free(&self.map)

    def __len__(self):
        return self.ends_view.shape[0]


cdef class PhraseFinder:
    """Finds phrases in sentences. Threads can share it.

    map: the strings of phrases (and of words, unless scoring is 0). values: one float64 each, scores (scoring 0) or
    counts (1: original score, 2: npmi). The other arguments are those of wv_phrase_rules (csrc/phrases/find.h).
    """

    cdef wv_phrase_rules rules
    cdef StringMap map, connectors
    cdef bytes delimiter
    cdef const double[::1] values

    def __cinit__(
        self, StringMap map not None, StringMap connectors not None, const double[::1] values not None,
        bytes delimiter not None, int scoring, double threshold, double min_count=0, double len_vocab=0,
        double corpus_word_count=0,
    ):
        if values.shape[0] != len(map) or not 0 <= scoring <= 2:
            raise ValueError(f"{len(map)} strings need as many values, and scoring={scoring} must be 0, 1 or 2")
        self.map, self.connectors, self.values, self.delimiter = map, connectors, values, delimiter
        self.rules.map, self.rules.connectors = &map.map, &connectors.map
        self.rules.values = &values[0] if values.shape[0] else NULL
        self.rules.scoring, self.rules.threshold, self.rules.min_count = scoring, threshold, min_count
        self.rules.len_vocab, self.rules.corpus_word_count = len_vocab, corpus_word_count
        self.rules.delimiter, self.rules.n_delimiter = <const uint8_t *>self.delimiter, len(delimiter)

    def score_strings(self):
        """Return the score of each string of the map as a phrase, float64; -inf for one that is none."""
        scores = np.empty(len(self.map) + 1)
        cdef double[::1] view = scores
        with nogil:
            wv_score_strings(&self.rules, &view[0])
        return scores[:-1]

    def find(
        self, const uint8_t[::1] tokens not None, uint32_t[::1] lengths not None, int32_t[::1] ends not None
    ):
        """Find phrases: arrays first, last, phrases, scores of groups, and groups up to the end of each sentence.

        tokens: joined with a byte 0 between two. lengths: bytes of each. ends: tokens up to each sentence's end.
        """
        cdef wv_tokens text
        cdef wv_groups groups
        cdef int64_t n = lengths.shape[0], n_ends = ends.shape[0]
        sizes = np.asarray(lengths).astype(np.int64)
        if (sizes.sum() + max(n - 1, 0)) > tokens.shape[0] or n > INT32_MAX:
            raise ValueError(f"{n} tokens do not fit {tokens.shape[0]} bytes")
        if (n_ends and (ends[0] < 0 or (np.diff(ends) < 0).any())) or (ends[n_ends - 1] if n_ends else 0) != n:
            raise ValueError(f"the ends of sentences must ascend from 0 to {n}")
        cdef int64_t[::1] starts = np.cumsum(sizes + 1) - sizes - 1
        first, last, phrases = (np.empty(n + 1, np.int32) for _ in range(3))
        cdef uint8_t empty = 0
        scores, group_ends = np.empty(n + 1), np.empty(n_ends + 1, np.int32)
        cdef int32_t[::1] first_view = first, last_view = last, phrases_view = phrases, ends_view = group_ends
        cdef double[::1] scores_view = scores
        text.bytes, text.starts = &tokens[0] if tokens.shape[0] else &empty, &starts[0] if n else NULL
        text.lengths, text.ends = &lengths[0] if n else NULL, &ends[0] if n_ends else NULL
        text.n, text.n_ends = n, n_ends
        groups = wv_groups(&first_view[0], &last_view[0], &phrases_view[0], &scores_view[0], &ends_view[0], 0)
        with nogil:
            wv_find_phrases(&self.rules, &text, &groups)
        parts = (first, last, phrases, scores)
        return *(part[:groups.n] for part in parts), group_ends[:-1]

    def join_text(self, const uint8_t[::1] text not None):
        """Return whole lines of prepared text with the words of phrases joined, as an array of bytes (uint8)."""
        cdef int64_t n_bytes = text.shape[0], most = n_bytes // 2 + 1
        cdef wv_tokens tokens
        cdef wv_groups groups
        if n_bytes > INT32_MAX:
            raise OverflowError(f"a block has {n_bytes} bytes; give at most 2**31 - 1")
        if not n_bytes:
            return np.empty(0, np.uint8)
        cdef int64_t[::1] starts = np.empty(most, np.int64)
        cdef uint32_t[::1] lengths = np.empty(most, np.uint32)
        cdef int32_t[::1] ends = np.empty(n_bytes + 1, np.int32), group_ends = np.empty(n_bytes + 1, np.int32)
        cdef int32_t[:, ::1] parts = np.empty((3, most), np.int32)
        tokens.starts, tokens.lengths, tokens.ends = &starts[0], &lengths[0], &ends[0]
        groups = wv_groups(&parts[0, 0], &parts[1, 0], &parts[2, 0], NULL, &group_ends[0], 0)
        cdef int64_t size
        with nogil:
            wv_split_lines(&text[0], n_bytes, &tokens)
            wv_find_phrases(&self.rules, &tokens, &groups)
            size = wv_written_bytes(&self.rules, &tokens, n_bytes)
        out = np.empty(size, np.uint8)
        cdef uint8_t[::1] out_view = out
        with nogil:
            size = wv_write_groups(&self.rules, &tokens, n_bytes, &groups, &out_view[0])
        return out[:size]


def make_sentences(
    list sentences not None, const int32_t[::1] first not None, const int32_t[::1] last not None,
    const int32_t[::1] phrases not None, const int32_t[::1] ends not None, list tokens not None,
    list strings not None,
):
    """Return the sentences of groups as lists: the token of a group of one, else the string of the phrase.

    sentences: not used but for their number. tokens: all tokens. strings: by number of the phrase.
    """
    cdef int64_t group = 0, i
    if len(sentences) != ends.shape[0] or (ends.shape[0] and ends[ends.shape[0] - 1] > first.shape[0]):
        raise ValueError(f"{len(sentences)} sentences do not fit {ends.shape[0]} ends")
    result = []
    for i in range(ends.shape[0]):
        out = []
        while group < ends[i]:
            if phrases[group] >= 0:
                out.append(strings[phrases[group]])
            else:
                out.append(tokens[first[group]])
            group += 1
        result.append(out)
    return result
