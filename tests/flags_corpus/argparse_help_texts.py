import argparse
import textwrap

p = argparse.ArgumentParser()
p.add_argument("--default", default=3, help="with a default of %(default)s and 50%%")
p.add_argument("--prog", help="%(prog)s does %(type)s", type=int)
p.add_argument("--multi", help="""several
    lines
of help""")
p.add_argument("--joined", help="one "
               "two " + "three")
p.add_argument("--dedented", help=textwrap.dedent("""\
    first
      second
    """))
p.add_argument("--empty", help="")
p.add_argument("--none", help=None)
p.add_argument("--unicode", help="Größe – “quoted” ✓")
p.add_argument("--formatted", help="size {}".format(3))
p.parse_args()
