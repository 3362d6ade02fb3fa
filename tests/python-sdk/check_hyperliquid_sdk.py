"""Reads the venue simulator with Hyperliquid's official Python SDK.

    check_hyperliquid_sdk.py BASE_URL      e.g. http://127.0.0.1:8899/hyperliquid

The SDK was written by the venue, so what it can read is what the venue sends. Exits with 0 and prints what it saw, or with 1
and the first thing that was wrong.
"""

import os
import queue
import sys
import time

# The SDK's HTTP and WebSocket clients both obey proxy variables; the simulator is on this machine.
for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(name, None)

from hyperliquid.info import Info  # noqa: E402  (after the environment is set)

COINS = {"BTC", "ETH", "SOL", "HYPE", "ARB", "LINK", "DOGE", "AVAX", "SUI", "TIA", "kPEPE"}
BOOKS_WANTED = 3
# Standard books come about every five seconds.
PATIENCE_S = 40.0


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def check_book(book, most_levels=20):
    """A book has two sides, best first, that do not cross; prices and sizes are decimal strings."""
    bids, asks = book["levels"]
    expect(0 < len(bids) <= most_levels and 0 < len(asks) <= most_levels, f"depth {len(bids)} x {len(asks)}")
    for side in (bids, asks):
        for level in side:
            expect(isinstance(level["px"], str) and isinstance(level["sz"], str), f"numbers are not strings: {level}")
            expect(float(level["sz"]) > 0 and level["n"] >= 1, f"an empty level: {level}")
    bid_prices = [float(level["px"]) for level in bids]
    ask_prices = [float(level["px"]) for level in asks]
    expect(bid_prices == sorted(bid_prices, reverse=True), "bids are not best first")
    expect(ask_prices == sorted(ask_prices), "asks are not best first")
    expect(bid_prices[0] < ask_prices[0], f"crossed: {bid_prices[0]} {ask_prices[0]}")
    return bid_prices[0], ask_prices[0]


def check_rest(info):
    meta = info.meta()
    names = {asset["name"] for asset in meta["universe"]}
    expect(COINS <= names, f"missing coins: {sorted(COINS - names)}")
    print("meta:", ", ".join(f"{asset['name']}({asset['szDecimals']})" for asset in meta["universe"]))

    spot = info.spot_meta()
    expect({"USDC", "PURR"} <= {token["name"] for token in spot["tokens"]}, "spot tokens are missing")
    print("spot_meta:", ", ".join(pair["name"] for pair in spot["universe"]))

    mids = info.all_mids()
    expect(COINS <= set(mids), "all_mids lacks coins")
    print("all_mids:", ", ".join(f"{coin} {mids[coin]}" for coin in sorted(COINS)))

    for coin in ("BTC", "kPEPE"):
        bid, ask = check_book(info.l2_snapshot(coin))
        middle = float(mids[coin])
        expect(abs(0.5 * (bid + ask) / middle - 1) < 0.01, f"{coin}: the book {bid}/{ask} is far from the mid {middle}")
        print(f"l2_snapshot {coin}: {bid} / {ask}")

    contexts = info.meta_and_asset_ctxs()
    expect(len(contexts[0]["universe"]) == len(contexts[1]), "contexts do not match the universe")
    expect(all(float(context["openInterest"]) > 0 for context in contexts[1]), "no open interest")

    now = int(time.time() * 1000)
    candles = info.candles_snapshot("ETH", "1m", now - 3_600_000, now)
    expect(59 <= len(candles) <= 61, f"{len(candles)} one-minute candles in an hour")
    for candle in candles:
        low, high = float(candle["l"]), float(candle["h"])
        expect(low <= float(candle["o"]) <= high and low <= float(candle["c"]) <= high, f"a candle outside itself: {candle}")
        expect(candle["T"] - candle["t"] == 59_999, f"a minute of another length: {candle}")
    expect([c["t"] for c in candles] == sorted({c["t"] for c in candles}), "candles are not in order")
    print(f"candles_snapshot: {len(candles)} of 1m, last close {candles[-1]['c']}")


def check_stream(info):
    books, trades = queue.Queue(), queue.Queue()
    info.subscribe({"type": "l2Book", "coin": "BTC"}, books.put)
    info.subscribe({"type": "trades", "coin": "BTC"}, trades.put)
    deadline = time.monotonic() + PATIENCE_S
    newest = 0
    for number in range(1, BOOKS_WANTED + 1):
        message = books.get(timeout=max(0.1, deadline - time.monotonic()))
        expect(message["channel"] == "l2Book" and message["data"]["coin"] == "BTC", f"not a BTC book: {message}")
        bid, ask = check_book(message["data"])
        expect(message["data"]["time"] >= newest, "block time ran backwards")
        newest = message["data"]["time"]
        print(f"l2Book {number}: {newest} {bid} / {ask}")
    first = trades.get(timeout=max(0.1, deadline - time.monotonic()))
    expect(all(trade["side"] in ("A", "B") for trade in first["data"]), "a trade without a side")
    print(f"trades: {len(first['data'])} in the first message, last at {first['data'][-1]['px']}")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    info = Info(sys.argv[1].rstrip("/"), skip_ws=False)
    try:
        check_rest(info)
        check_stream(info)
    except (AssertionError, queue.Empty) as failure:
        print(f"FAILED: {type(failure).__name__}: {failure}", file=sys.stderr)
        return 1
    finally:
        info.disconnect_websocket()
    print("ok")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # The SDK's ping thread sleeps for most of a minute; nothing is left to do for it.
    os._exit(code)
