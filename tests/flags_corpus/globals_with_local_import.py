import helpers.constants as constants
from helpers import constants as c2

width = 3
