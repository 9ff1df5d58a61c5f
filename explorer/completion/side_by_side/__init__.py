"""Many runs of ALS side by side: `sweeps` decides how each half step is made, `lanes` holds the runs that go together,
`run_states` says where a run stands, `batched_half_step` and `elimination` are the arithmetic of all lanes at once.
"""
