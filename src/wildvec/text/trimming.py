"""Rules that decide which words a vocabulary keeps, as in gensim.

In: a function of the user, words and counts. Out: which words are kept.
"""

from __future__ import annotations

# What a rule returns for a word; the values are gensim's.
RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
