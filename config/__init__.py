"""What one changes without programming, and its loaders: settings, rules, programmes, mappings, words."""
