"""An add-on for msnproxy: every tenth message that a client says in a conversation is
lost, and the client is told so.

    msnproxy run --upstream messenger.example.com --addon 'python3 docs/examples/nak.py'
"""
import json
import sys

print(json.dumps({"v": 1,
                  "want": 'verb == "MSG" && role == "SB" && from == "client"',
                  "deadline_ms": 1000, "late": "forward"}), flush=True)

n = 0
for line in sys.stdin:
    m = json.loads(line)            # as in --format json, with "id"
    if "id" not in m:               # an event: opened, closed ...
        continue
    n += 1
    do = ["forward"]
    if n % 10 == 0:
        do = ["drop"]
        if "trid" in m:
            do = ['reply "NAK {trid}"']
        print("message", m["number"], "is lost", file=sys.stderr, flush=True)
    print(json.dumps({"id": m["id"], "do": do}), flush=True)
