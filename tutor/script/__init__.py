"""`torch-tutor run` and `view`: scripts of the learner's own, with every panel."""
