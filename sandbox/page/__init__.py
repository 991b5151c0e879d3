"""The page at `/sandbox/`: both CRMs as a rep would see them."""
