"""What a course is: packs, units, lessons, steps and blocks, read from Markdown files."""
