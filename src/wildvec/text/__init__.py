"""Text to ids: files and iterables, the vocabulary, the corpus."""
