"""Trades at the venue simulator with Hyperliquid's official Python SDK.

    check_hyperliquid_trading.py BASE_URL      e.g. http://127.0.0.1:8899/hyperliquid

The simulator has to be started with `--scenario tests/python-sdk/accounts.json`, which pays the account of this script in. Its
key is a pattern that everybody knows. Exits with 0 and prints what it did, or with 1 and the first thing that was wrong.
"""

import os
import queue
import sys
import time

for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(name, None)

import eth_account  # noqa: E402  (after the environment is set)
from hyperliquid.exchange import Exchange  # noqa: E402
from hyperliquid.info import Info  # noqa: E402
from hyperliquid.utils.types import Cloid  # noqa: E402

KEY = "0x" + "11" * 32
PATIENCE_S = 20.0
GTC = {"limit": {"tif": "Gtc"}}


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def statuses(answer):
    expect(answer["status"] == "ok", f"refused: {answer}")
    return answer["response"]["data"]["statuses"]


def one(answer):
    return statuses(answer)[0]


def refused(answer, words):
    text = answer["response"] if answer["status"] == "err" else one(answer).get("error", "")
    expect(text.startswith(words), f"not refused with {words!r}: {answer}")
    print("refused:", text)


def next_fill(fills, oid):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        message = fills.get(timeout=max(0.1, deadline - time.monotonic()))
        for fill in message["data"]["fills"]:
            if fill["oid"] == oid:
                return fill


def check_limit_orders(exchange, info, user, mid):
    cloid = Cloid.from_int(int(time.time() * 1000))
    low, lower = float(round(mid * 0.7)), float(round(mid * 0.6))
    oid = one(exchange.order("BTC", True, 0.01, low, GTC, cloid=cloid))["resting"]["oid"]
    expect([order["oid"] for order in info.open_orders(user)] == [oid], "the order is not open")
    expect(info.query_order_by_cloid(user, cloid)["order"]["status"] == "open", "not found by its client id")
    refused(exchange.order("BTC", True, 0.01, low, GTC, cloid=cloid), "Order has duplicate cloid")
    new = one(exchange.modify_order(oid, "BTC", True, 0.02, lower, GTC, cloid=cloid))["resting"]["oid"]
    expect(new != oid and info.query_order_by_oid(user, oid)["order"]["status"] == "canceled", "not modified")
    expect(one(exchange.cancel("BTC", new)) == "success", "not cancelled")
    refused(exchange.cancel("BTC", new), "Order was never placed, already canceled, or filled.")
    second = Cloid.from_int(int(time.time() * 1000) + 1)
    expect("resting" in one(exchange.order("BTC", False, 0.01, float(round(mid * 1.3)), GTC, cloid=second)), "not resting")
    expect(one(exchange.cancel_by_cloid("BTC", second)) == "success", "not cancelled by its client id")
    expect(info.open_orders(user) == [], "orders are left")
    print("limit orders: placed, found, modified, cancelled")


def check_position(exchange, info, user, fills, mid):
    filled = one(exchange.market_open("BTC", True, 0.02))["filled"]
    expect(filled["totalSz"] == "0.02", f"not filled whole: {filled}")
    fill = next_fill(fills, filled["oid"])
    expect(fill["dir"] == "Open Long" and fill["crossed"] and float(fill["fee"]) > 0, f"an odd fill: {fill}")
    stop = {"trigger": {"isMarket": True, "triggerPx": float(round(mid * 0.8)), "tpsl": "sl"}}
    profit = {"trigger": {"isMarket": True, "triggerPx": float(round(mid * 1.2)), "tpsl": "tp"}}
    for kind, px in ((stop, mid * 0.8), (profit, mid * 1.2)):
        expect("resting" in one(exchange.order("BTC", False, 0.02, float(round(px)), kind, reduce_only=True)), "no trigger")
    kinds = sorted(order["orderType"] for order in info.frontend_open_orders(user))
    expect(kinds == ["Stop Market", "Take Profit Market"], f"open: {kinds}")
    position = info.user_state(user)["assetPositions"][0]["position"]
    expect(position["szi"] == "0.02" and position["leverage"] == {"type": "cross", "value": 5}, f"position: {position}")
    expect("filled" in one(exchange.market_close("BTC")), "not closed")
    expect(info.user_state(user)["assetPositions"] == [], "a position is left")
    expect(info.frontend_open_orders(user) == [], "triggers outlive their position")
    print(f"position: opened at {filled['avgPx']}, protected, closed")


def check_bracket(exchange, info, user, mid):
    def order(is_buy, px, kind, reduce_only):
        return {
            "coin": "BTC", "is_buy": is_buy, "sz": 0.01, "limit_px": float(round(px)),
            "order_type": kind, "reduce_only": reduce_only,
        }

    stop = {"trigger": {"isMarket": True, "triggerPx": float(round(mid * 0.6)), "tpsl": "sl"}}
    profit = {"trigger": {"isMarket": True, "triggerPx": float(round(mid * 1.2)), "tpsl": "tp"}}
    orders = [order(True, mid * 0.7, GTC, False), order(False, mid * 0.6, stop, True), order(False, mid * 1.2, profit, True)]
    parent, first, second = statuses(exchange.bulk_orders(orders, grouping="normalTpsl"))
    expect((first, second) == ("waitingForFill", "waitingForFill"), f"children: {first} {second}")
    expect(len(info.frontend_open_orders(user)[0]["children"]) == 2, "the children are not shown")
    expect(one(exchange.cancel("BTC", parent["resting"]["oid"])) == "success", "not cancelled")
    expect(info.frontend_open_orders(user) == [], "children outlive their parent")
    print("bracket: parent and children, gone together")


def check_refusals(exchange, mid):
    far = float(round(mid * 0.7))
    refused(exchange.order("BTC", True, 0.0001, far, GTC), "Order must have minimum value of $10.")
    refused(exchange.order("BTC", True, 0.01, float(round(mid * 1.1)), {"limit": {"tif": "Alo"}}), "Post only order would have")
    refused(exchange.order("BTC", True, 0.01, far, {"limit": {"tif": "Ioc"}}), "Order could not immediately match")
    refused(exchange.order("BTC", True, 0.01, far, GTC, reduce_only=True), "Reduce only order would increase position.")
    refused(exchange.order("BTC", True, 100.0, far, GTC), "Insufficient margin to place order.")
    refused(exchange.schedule_cancel(int(time.time() * 1000) + 60_000), "Cannot set scheduled cancel time until enough volume")
    expect(exchange.schedule_cancel(None)["status"] == "ok", "clearing the schedule is refused")
    exchange.set_expires_after(int(time.time() * 1000) - 1_000)
    expect(exchange.order("BTC", True, 0.01, far, GTC)["status"] == "err", "an expired action was performed")
    exchange.set_expires_after(None)


def check_agent(exchange, info, user, url, mid):
    answer, key = exchange.approve_agent("bot")
    expect(answer["status"] == "ok", f"not approved: {answer}")
    agent = Exchange(eth_account.Account.from_key(key), url, account_address=user)
    oid = one(agent.order("BTC", True, 0.01, float(round(mid * 0.7)), GTC))["resting"]["oid"]
    expect([order["oid"] for order in info.open_orders(user)] == [oid], "the agent's order is not the account's")
    expect(one(agent.cancel("BTC", oid)) == "success", "the agent cannot cancel")
    names = [entry["name"] for entry in info.extra_agents(user)]
    expect(names == ["bot"], f"agents: {names}")
    stranger = Exchange(eth_account.Account.from_key("0x" + "33" * 32), url)
    refused(stranger.order("BTC", True, 0.01, float(round(mid * 0.7)), GTC), "L1 error: User or API Wallet")
    print("agent: approved, traded")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    url = sys.argv[1].rstrip("/")
    wallet = eth_account.Account.from_key(KEY)
    user = wallet.address
    info = Info(url, skip_ws=False)
    exchange = Exchange(wallet, url)
    fills = queue.Queue()
    try:
        value = info.user_state(user)["marginSummary"]["accountValue"]
        expect(float(value) > 0, f"the account has {value} dollars: start the simulator with accounts.json")
        info.subscribe({"type": "userFills", "user": user}, fills.put)
        expect(fills.get(timeout=PATIENCE_S)["data"]["isSnapshot"], "the first frame is no snapshot")
        mid = float(info.all_mids()["BTC"])
        expect(exchange.update_leverage(5, "BTC")["status"] == "ok", "leverage is refused")
        check_limit_orders(exchange, info, user, mid)
        check_position(exchange, info, user, fills, mid)
        check_bracket(exchange, info, user, mid)
        check_refusals(exchange, mid)
        check_agent(exchange, info, user, url, mid)
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
