"""The only place that knows what the app and its sandboxed processes say to each other.

`frames` cuts a byte stream into frames, `messages` names every message, `control` is the
conversation with the zygote. Everything a worker sends is untrusted: it is decoded strictly,
with bounded sizes, and never unpickled.
"""
