"""Guards around the text room of the C core."""
