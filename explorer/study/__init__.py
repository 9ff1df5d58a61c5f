"""What a single run cannot tell: where other starts end, how often, and what the data can determine at all.

`beyond` and `verdicts` look around one run. A study is many runs: `plans` says which, `em_runs` and `als_runs` make
them.
"""
