from os import environ


def rate():
    try:
        return float(environ["TAX_RATE"])
    except KeyError:
        return 0.23
