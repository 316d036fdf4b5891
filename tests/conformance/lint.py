# Every exchange of a file goes through httplint; what it finds bad or warns of is printed, a line for each.
import json
import sys
import time

from httplint import HttpRequestLinter, HttpResponseLinter, levels

# Notes that warn of what is meant so, and is no fault of a response:
MEANT = {
}


def pairs(fields):
    return [(name.encode(), value.encode()) for name, value in fields]


def notes(exchange):
    now = time.time()
    request = HttpRequestLinter(start_time=now)
    uri = "http://h" + exchange["path"]
    request.process_request_topline(exchange["method"].encode(), uri.encode(), b"1.1")
    request.process_headers(pairs([("Host", "h")] + exchange["request"]))
    request.finish_content(True)
    response = HttpResponseLinter(start_time=now)
    response.request = request
    response.process_response_topline(b"1.1", str(exchange["status"]).encode(), b"phrase")
    response.process_headers(pairs(exchange["response"]))
    response.feed_content(bytes.fromhex(exchange["content"]))
    response.finish_content(True)
    for note in response.notes:
        yield note
        yield from note.subnotes


count = 0
for line in open(sys.argv[1]):
    exchange = json.loads(line)
    count += 1
    for note in notes(exchange):
        if note.level in (levels.BAD, levels.WARN) and type(note).__name__ not in MEANT:
            name = type(note).__name__
            print(exchange["method"], exchange["path"], exchange["status"], note.level.name, name, note.summary)
print(count, "exchanges")
