"""Lists of names in a setting, which the environment has as one text."""


def split_names(value: object) -> object:
    """Return the names in a list that is written with commas; leave anything else as it is."""
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value
