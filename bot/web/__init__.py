"""The HTTP side: agents read their rung, samples and task records come in, probes and metrics go out."""
