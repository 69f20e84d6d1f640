"""Use cases, named as the verbs that a user would say, and the ports (`ports`) that they need from outside."""
