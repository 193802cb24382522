"""From the text of a file to the nodes of YAML."""
