"""Documents: runbooks read, postmortems and charts rendered. Values go into templates; values are never templates."""
