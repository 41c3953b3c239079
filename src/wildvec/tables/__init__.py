"""Tables with columns of categories and numbers. In: arrays and data frames. Out: rows of a matrix, with values."""
