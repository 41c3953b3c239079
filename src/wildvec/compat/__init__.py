"""Modules in the shape of other packages, so that programs written for them run on wildvec."""
