"""What a single run cannot tell: where other starts end, how often, and what the data can determine at all.

`beyond` and `verdicts` look around one run. A study is many runs: `plans` says which (`plan_files` reads them from the
disk), `em_runs` and `als_runs` make a batch of them, `work` hands batches to this process, to `processes` or to a
`cluster`, and `results` keeps what came out; `journal` keeps what there is of it until then.
"""
