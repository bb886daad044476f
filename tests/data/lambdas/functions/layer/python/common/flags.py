import os


def flag(name: str) -> bool:
    return os.environ.get(f"FLAG_{name.upper()}", "off") == "on"
