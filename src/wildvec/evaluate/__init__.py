"""Evaluation of vectors: words, nodes of graphs, and recommendations.

>>> import wildvec
>>> wildvec.evaluate.ranking.__name__
'ranking'
"""

from __future__ import annotations

from wildvec.evaluate.baselines import ItemCosine, Popularity
from wildvec.evaluate.edge_splits import EdgeSplit, split_edges
from wildvec.evaluate.link_prediction import LinkPredictionResult, link_prediction
from wildvec.evaluate.node_classification import NodeClassificationResult, node_classification
from wildvec.evaluate.ranking import RankingResult, ranking
from wildvec.vectors.evaluate import analogies, word_pairs

__all__ = [
    "EdgeSplit",
    "ItemCosine",
    "LinkPredictionResult",
    "NodeClassificationResult",
    "Popularity",
    "RankingResult",
    "analogies",
    "link_prediction",
    "node_classification",
    "ranking",
    "split_edges",
    "word_pairs",
]
