"""scipy.sparse, which is imported only where it is used."""

from __future__ import annotations

from typing import Any


def import_scipy_sparse() -> Any:
    """Return the module scipy.sparse; ImportError that names the extra if it is not installed."""
    try:
        import scipy.sparse
    except ImportError as error:
        raise ImportError("a sparse matrix needs scipy: pip install 'wildvec[scipy]'") from error
    return scipy.sparse
