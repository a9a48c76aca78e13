"""The IVR: flows, prompts and the FastAGI server. Knows nothing of campaigns and is usable alone."""
