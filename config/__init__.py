"""What one changes without programming, and its loaders: settings, rules, programmes, mappings, words."""

DEFAULT_FILE = "bonus-malus.toml"  # the settings, where nobody says another file
