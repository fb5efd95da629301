"""The main job from end to end: three tables captured through the spool into topics, joined by SQL, into the warehouse."""


def run(options, report):
    raise NotImplementedError
