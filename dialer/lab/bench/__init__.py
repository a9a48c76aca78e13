"""Measurements that can be repeated: `run` functions, each returning its figures."""
