"""What was found when Stepdown's own surroundings were checked."""
