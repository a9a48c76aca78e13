"""Flow files: YAML with places, what each field may hold, the flow itself, and what is wrong with one."""
