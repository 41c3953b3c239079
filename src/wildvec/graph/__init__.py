"""Graphs. In: edges. Out: compressed rows of neighbours."""
