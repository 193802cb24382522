"""The page at `/`: a workspace for the people who use it, drawn with Jinja2."""
