"""Errors explained: from a traceback to the values that took part, the reason, and fixes that fit.

Nothing of the learner's code runs again: values are read from frames below any hook, and what is
not there is worked out from shapes alone, on tensors that hold no data.
"""
