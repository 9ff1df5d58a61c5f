"""What is in the files of a study, beside the table of its runs.

`plan_file` is what somebody writes, `plan_json` the same as it stands in results, `own_data` the data that either may
hold. `bounds` says what the figures of a table can be; by `writing`, a file is there as a whole or not at all.
"""
