"""What each line of a cell made: probes in the code, a few looks each, then a list test."""
