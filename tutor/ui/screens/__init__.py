"""Screens: each composes widgets, hands them values, and answers their messages."""
