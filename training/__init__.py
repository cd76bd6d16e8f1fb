"""From labelled cases and sentences to the learned rules that the coach ships: ``python -m training.train``.

Nothing in here is needed to run the coach.
"""
