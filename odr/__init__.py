"""ODR for Wuhai: rooms in which disputes are mediated, recorded and closed."""

__version__ = "0.1.0"
