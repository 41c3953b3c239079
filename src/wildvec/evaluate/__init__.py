"""Evaluation of vectors: words, nodes of graphs, and recommendations.

>>> import wildvec
>>> sorted(wildvec.evaluate.__all__)[:2]
['NodeClassificationResult', 'analogies']
"""

from __future__ import annotations

from wildvec.evaluate.node_classification import NodeClassificationResult, node_classification
from wildvec.vectors.evaluate import analogies, word_pairs

__all__ = [
    "NodeClassificationResult",
    "analogies",
    "node_classification",
    "word_pairs",
]
