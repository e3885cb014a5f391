"""The terminal app: screens, widgets, themes and keys."""
