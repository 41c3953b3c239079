"""Co-occurrence counts. In: a corpus. Out: a sparse matrix of weighted counts, PMI of it, files."""
