"""The OpenAPI document and the JSON Schemas against a running gateway in practice mode.

Usage: check_openapi.py URL, of a gateway that knows the wallet of `KEY` as an admin and whose limits are raised.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import jsonschema
import openapi_spec_validator
import websockets
from eth_account import Account
from eth_account.messages import encode_defunct

# The wallet of the tests' admin; worth nothing.
KEY = "0x" + "01" * 32
# Seconds for a run of schemathesis.
SECONDS = 25
# Ids that were answered are tried again: these may end the admin's own session, or keep the admin out. They are tried last.
ENDS_THE_SESSION = [
    "/auth/logout",
    "/auth/rotate",
    "/auth/sessions/{id}",
    "/admin/users/{id}/role",
    "/admin/users/{id}/disabled",
]
# The longest that a kind of event is waited for, in seconds.
PATIENCE = 40
EVENTS = {"agg_update", "venue_status", "alpha_conviction", "gov_update", "liquidation_batch"}


def ask(url, body=None, token=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data)
    if data is not None:
        request.add_header("content-type", "application/json")
    if token is not None:
        request.add_header("authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def log_in(url):
    wallet = Account.from_key(KEY)
    begun = ask(
        f"{url}/auth/nonce", {"address": wallet.address, "chain_id": 1, "bearer": True}
    )
    signature = wallet.sign_message(encode_defunct(text=begun["message"])).signature
    state = ask(
        f"{url}/auth/login",
        {
            "message": begun["message"],
            "signature": "0x" + bytes(signature).hex(),
            "bearer": True,
            "binding": begun["binding"],
        },
    )
    assert state["session"]["user"]["role"] == "admin", state
    return state["token"]


def validator(url, name):
    schema = ask(f"{url}/schemas/{name}.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


async def socket(url, token):
    """Everything that a server says on a socket has the shape that its schema tells."""
    names = [Path(path).stem for path in ask(f"{url}/schemas")["schemas"]]
    kinds = {name: validator(url, name) for name in names}
    commands = [
        {"type": "auth", "token": token, "id": "a"},
        {"type": "subscribe", "coin": "BTC", "channels": ["public.market", "public.alpha"]},
        {"type": "subscribe", "coin": "ETH", "id": 1},
        {"type": "subscribe_private", "channels": ["private.execution", "private.account"]},
        {"type": "candles", "symbol": "BTC", "source": "hyperliquid", "interval": "1m", "limit": 5},
        {"type": "alpha_conviction", "symbol": "BTC"},
        {"type": "alpha_why", "symbol": "BTC"},
        {"type": "alpha_gates", "symbol": "BTC"},
        {"type": "alpha_history", "symbol": "BTC"},
        {"type": "alpha_opportunities", "id": "o"},
        {"type": "status"},
        {"type": "ping"},
        {"type": "unsubscribe", "coin": "ETH"},
    ]
    refused = [{"type": "buy"}, {"type": "subscribe"}, {"type": "auth", "token": "hs_0"}]
    for command in commands:
        kinds["client_message"].validate(command)
    seen, answers = {}, {}
    async with websockets.connect(url.replace("http", "ws", 1) + "/ws", max_size=None) as ws:
        for command in commands + refused:
            await ws.send(json.dumps(command))
        again, end = 0.0, time.monotonic() + PATIENCE
        while time.monotonic() < end:
            message = json.loads(await asyncio.wait_for(ws.recv(), 10))
            name = message.get("event_type")
            counts = answers if name is None else seen
            kind = message["type"] if name is None else name
            counts[kind] = counts.get(kind, 0) + 1
            # Deltas are many and alike: the first thousand of a kind tell what there is to tell.
            if counts[kind] <= 1_000:
                kinds["answer" if name is None else name].validate(message)
            if counts[kind] <= 3:
                kinds["server_message"].validate(message)
            # An evaluation may be still to come when it is first asked for.
            wanted = {c["type"] for c in commands if c["type"].startswith("alpha_")} - answers.keys()
            if wanted and time.monotonic() > again + 1:
                again = time.monotonic()
                for name in wanted:
                    await ws.send(json.dumps({"type": name, "symbol": "BTC"}))
            if EVENTS <= seen.keys() and not wanted and sum(seen.values()) > 500:
                break
    print(f"events {seen}\nanswers {answers}")
    missing = EVENTS - seen.keys()
    assert not missing, f"no {missing} within {PATIENCE} s"
    expected = {c["type"] for c in commands if c["type"].startswith("alpha_")} | {
        "auth_ok", "auth_failed", "subscribed", "unsubscribed", "private_ready",
        "candles", "status", "pong", "error",
    }
    missing = expected - answers.keys()
    assert not missing, f"no answer {missing}"


def schemathesis(url, who, *options, seconds=SECONDS):
    print(f"schemathesis {who}", flush=True)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{url}/openapi.json",
        "--phases=examples,coverage,fuzzing",
        "--checks=all",
        # A well-formed signature is not yet a right one, nor a well-formed symbol a listed one.
        "--exclude-checks=positive_data_acceptance",
        "--seed=1",
        f"--max-time={seconds}",
        "--continue-on-failure",
        "--generation-database=none",
        "--warnings=off",
        "--no-color",
        *options,
    ]
    # It leaves notes where it runs.
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(command, check=True, timeout=10 * seconds, cwd=place)


def main():
    url = sys.argv[1].rstrip("/")
    document = ask(f"{url}/openapi.json")
    openapi_spec_validator.validate(document)
    print(f"{len(document['paths'])} paths, {len(document['components']['schemas'])} shapes: valid")
    token = log_in(url)
    asyncio.run(socket(url, token))
    schemathesis(url, "without a login")
    as_admin = ["--header", f"Authorization: Bearer {token}"]
    last = [word for path in ENDS_THE_SESSION for word in ("--exclude-path", path)]
    schemathesis(url, "as an admin", *as_admin, *last)
    # The session has outlived what was tried with it.
    assert ask(f"{url}/auth/state", token=token)["session_authenticated"]
    last = [word.replace("exclude", "include") for word in last]
    schemathesis(url, "at the admin's own session", *as_admin, *last, seconds=5)


main()
