"""What makes a half step fast, and what the other solvers compute with: open it only to change speed."""
