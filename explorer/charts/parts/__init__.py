"""What the figures share: theme, marks, words, and how outcomes are told apart."""
