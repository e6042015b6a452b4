"""Names become typed expressions over table instances; every issue is told at once."""
