"""`bonus-malus`, the command: the one place where everything is built and put together."""
