"""Ways out for text messages (SMS): one driver for each kind of gateway."""
