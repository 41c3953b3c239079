"""Guards around the training room of the C core."""
