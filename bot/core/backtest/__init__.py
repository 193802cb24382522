"""Recorded history, judged again minute by minute."""
