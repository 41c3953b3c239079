"""Models: settings + corpus + kernels → vectors."""
