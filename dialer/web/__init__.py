"""HTTP: the API, the live page and the metrics. Sees ports only."""
