import argparse
import time
from datetime import datetime

p = argparse.ArgumentParser()
p.add_argument("--function", default=print)
p.add_argument("--run-name", default="run-" + datetime.now().strftime("%H%M%S"))
p.add_argument("--stamp", default=time.time())
p.add_argument("--plain", default=1)
p.parse_args()
