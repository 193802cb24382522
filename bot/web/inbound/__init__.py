"""What other systems tell us: one file each, a factory of routes that the composition root wires to commands."""
