 import argparse;parser=argparse . ArgumentParser (  ) ; add = parser.add_argument
add ( '--a',
    type = int , default
      = 1,   # a comment )
    help = 'a'   'b'
           "c" )
add(
    "--b",
    **dict(default = 2,
           type=float)
); add('--c',default=\
    'c')
if True: add ("--d", action = 'store_true')
class A: x = add("--e", default = (5))
(lambda: add("--f", default=6))()
[add("--g%d" % i) for i in (1, 2)]
parser.parse_args ( )
