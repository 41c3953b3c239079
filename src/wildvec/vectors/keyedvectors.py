"""Vectors by key: compare them, find the nearest ones, evaluate them, read and write files.

>>> import numpy as np
>>> wv = KeyedVectors.from_arrays(["a", "b", "c"], np.array([[1, 0], [3, 4], [0, 2]], np.float32))
>>> [(key, round(score, 3)) for key, score in wv.most_similar("a")]
[('b', 0.6), ('c', 0.0)]
>>> "b" in wv, wv["b"].tolist(), round(wv.similarity("b", "c"), 3)
(True, [3.0, 4.0], 0.8)
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from wildvec.base.keys import Key
from wildvec.vectors.evaluations import Evaluations
from wildvec.vectors.keyed_files import KeyedFiles
from wildvec.vectors.nearest import NearestKeys
from wildvec.vectors.queries import check_keys
from wildvec.vectors.row_layers import RowLayers


class KeyedVectors(NearestKeys, Evaluations, KeyedFiles, RowLayers):
    """A matrix of vectors with a key (str or int) for each row.

    vector_size: numbers in a vector. count: rows to allocate, so that adding that many keys copies
    nothing. dtype: float16, float32 or float64. mapfile_path: without effect, as in gensim.

    Attributes: `vectors`, the (n, vector_size) matrix, writable in place, because nothing computed from
    it is stored; `index_to_key`, the list of keys; `key_to_index`, the dict from key to row; `counts`,
    how often each key occurred (int64) or None; `expandos`, all attributes of the keys by name, "count"
    among them (see `set_vecattr`); `vector_size`. Iteration gives the keys.

    An int is a key like any other, never a row number: with str keys, `wv[0]` is a KeyError
    (`wv.vectors[0]` is the first row). An array of str or int holds keys, an array of floats is a vector.

    `copy.copy(wv)` shares the rows in memory, `copy.deepcopy(wv)` copies them; keys that are added or
    removed later are only in one of both. Pickling stores everything.

    >>> wv = KeyedVectors(2)
    >>> wv.add_vectors(["x", "y"], [[1, 0], [1, 1]])
    >>> wv, list(wv)
    (KeyedVectors(2 keys × 2, float32), ['x', 'y'])
    """

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """Return an object with the vectors of the given keys, in their order, each key once.

        Args:
            keys: Keys; those without a vector are left out.
            allow_inference: Compute vectors of keys without a row, where the class can, as FastText's does.
            copy_vecattrs: Copy the attributes too. Keys without a row have 0, or None where values are no numbers.

        >>> wv = KeyedVectors.from_arrays(["a", "b"], [[1.0, 0.0], [0.0, 1.0]])
        >>> wv.vectors_for_all(["b", "c", "a", "b"]).index_to_key
        ['b', 'a']
        """
        unique = dict.fromkeys(check_keys("keys", keys))
        chosen = [key for key in unique if (key in self if allow_inference else self.has_index_for(key))]
        wv = KeyedVectors.from_arrays(chosen, self[chosen])
        if copy_vecattrs:
            rows = np.array([self.get_index(key, -1) for key in chosen], np.int64)
            for name, values in self.expandos.items():
                wv.allocate_vecattrs([name], [values.dtype])
                wv.expandos[name][rows >= 0] = values[rows[rows >= 0]]
        return wv
