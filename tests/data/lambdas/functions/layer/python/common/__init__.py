from .flags import flag
