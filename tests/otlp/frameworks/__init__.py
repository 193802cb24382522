"""Scripts of runs in real frameworks on fake models. Each runs in an environment of its own and knows nothing of us."""
