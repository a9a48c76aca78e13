"""A whole call centre on one machine, for the demo, the tests and the benchmarks."""
