"""A floor in virtual time: what a campaign would do, before anybody is called."""
