import argparse
import asyncio


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=2)
    args = parser.parse_args()
    await asyncio.sleep(args.n)


if __name__ == "__main__":
    asyncio.run(main())
