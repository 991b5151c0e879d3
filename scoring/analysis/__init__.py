"""What a set of rules does in the long run: the chain it makes, where it settles, how fast, and how it tells risks."""
