"""Guards around the search room of the C core."""
