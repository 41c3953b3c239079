"""From text to ids: files and iterables, the vocabulary, the corpus."""
