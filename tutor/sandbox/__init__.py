"""What the learner's code may read, write, reach and spend: one file a mechanism, stdlib only.

`platform.choose()` gives the sandbox of this operating system; everything it could not enforce
is said in plain sentences.
"""
