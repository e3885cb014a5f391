"""The app's side of the wire: start, interrupt, kill and replace workers, and know their state."""
