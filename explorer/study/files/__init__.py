"""Plans and results as files: what a plan file says, how a plan is written as JSON, and what a table may hold."""
