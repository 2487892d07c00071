import argparse
import os

p = argparse.ArgumentParser()
p.add_argument("--model-dir", default=os.environ.get("GUILD_TEST_NOT_SET", "models"))
p.add_argument("--rank", type=int, default=int(os.environ.get("GUILD_TEST_RANK", 0)))
p.add_argument("--token", default=os.getenv("GUILD_TEST_TOKEN"))
p.parse_args()
