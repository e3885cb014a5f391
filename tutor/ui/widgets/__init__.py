"""Widgets: frozen values in, messages named as past-tense facts out. Each works alone in a test.

Import the module you need; this package imports nothing, so that the first paint stays quick.
"""
