"""Signs orders with Hyperliquid's official Python SDK, for the benchmark `order_to_bytes`.

Reads a number and as many bodies of requests, makes each anew from what it says (price, size, name, nonce) with the SDK's own functions, in the order in which its
`Exchange.bulk_orders` calls them, and writes what it would send. Then, for each line `run`, signs ten orders and writes the microseconds of CPU time that
one took. The key is a pattern that everybody knows.
"""

import json
import sys
import time

import eth_account
from hyperliquid.utils.signing import (
    order_request_to_order_wire,
    order_wires_to_order_action,
    sign_l1_action,
)
from hyperliquid.utils.types import Cloid

AT_ONCE = 10


def wanted(body):
    order = body["action"]["orders"][0]
    request = {
        "coin": "BTC",
        "is_buy": order["b"],
        "sz": float(order["s"]),
        "limit_px": float(order["p"]),
        "order_type": order["t"],
        "reduce_only": order["r"],
        "cloid": Cloid.from_str(order["c"]),
    }
    return request, order["a"], body["nonce"], body["expiresAfter"]


def signed(wallet, request, asset, nonce, expires_after):
    wire = order_request_to_order_wire(request, asset)
    action = order_wires_to_order_action([wire], None, "na")
    signature = sign_l1_action(wallet, action, None, nonce, expires_after, True)
    payload = {
        "action": action,
        "nonce": nonce,
        "signature": signature,
        "vaultAddress": None,
        "expiresAfter": expires_after,
    }
    # The SDK leaves blanks between the fields; without them the bytes can be compared.
    return json.dumps(payload, separators=(",", ":"))


def main():
    wallet = eth_account.Account.from_key("0x" + "42" * 32)
    count = int(sys.stdin.readline())
    orders = [wanted(json.loads(sys.stdin.readline())) for _ in range(count)]
    for order in orders:
        print(signed(wallet, *order), flush=True)
    done = 0
    while sys.stdin.readline().strip() == "run":
        begun = time.thread_time()
        for i in range(AT_ONCE):
            signed(wallet, *orders[(done + i) % count])
        print((time.thread_time() - begun) * 1e6 / AT_ONCE, flush=True)
        done += AT_ONCE


if __name__ == "__main__":
    main()
