"""The experiment file: read, written, and edited without losing a comment."""

from .edit import edited as edited
from .read import error_with_lines as error_with_lines
from .read import loads as loads
from .read import parsed as parsed
from .read import read as read
from .read import text_in as text_in
from .write import dumps as dumps
