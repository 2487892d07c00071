"""The parser is made in a module beside the script."""
import argparse

from helpers.options import add_common, make_parser

parser = make_parser("imported")
add_common(parser)
parser.add_argument("--own", type=int, default=1)
args = parser.parse_args()
