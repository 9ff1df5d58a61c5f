"""What pages are made of: what is around each of them, the widgets, the panels, and what a study draws."""
