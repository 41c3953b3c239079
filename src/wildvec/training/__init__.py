"""Training that knows no model: matrices, schedule, work units, threads, checkpoints."""
