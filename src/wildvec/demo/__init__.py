"""The demonstration: training on a generated text whose structure is known."""
