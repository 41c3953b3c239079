"""What every other package uses: statuses, checks, keys, ragged arrays, progress bars, threads, memory pages."""
