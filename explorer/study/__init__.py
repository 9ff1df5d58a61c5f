"""What a single run cannot tell: where other starts end, and what the data can determine at all."""
