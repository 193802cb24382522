"""From spans to tasks: what a span says to us, how it is read by the fleet file's rules, and what a run came to."""
