"""Trials on a Dask cluster: the engine, what it hears of the cluster, and what runs inside its workers."""
