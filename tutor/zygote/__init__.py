"""A process that imports torch once and forks sandboxed children on demand; it never runs learner
code, never enters a parallel region and never touches a GPU, or forked children would hang.

    app ──control──▶ zygote ──fork──▶ monitor (kills the tree) ──fork──▶ child (confined)
"""
