"""The bundled demonstration: a generated text with a known structure, trained and shown."""
