"""Models: settings and data in, vectors out. One module for each model, and modules for what they share."""
