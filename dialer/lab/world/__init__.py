"""What surrounds the call centre: the public network with its subscribers, and the agents' phones."""
