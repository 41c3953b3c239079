"""Used by every other package: statuses, checks, keys, ragged arrays, checksums, progress, threads, memory pages."""
