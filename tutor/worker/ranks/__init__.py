"""Real ranks for distributed lessons: processes that meet over gloo on this machine.

    worker ──▶ nursery (forked before any learner code) ──▶ keeper (one a run) ──▶ ranks

The nursery is a clean, warm process; the keeper reaps its ranks and ends them when the worker
closes the run's control socket, whatever state they are in.
"""
