# Every exchange of a file goes through httplint; what it finds bad or warns of is printed, a line for each.
import json
import sys

from httplint import HttpRequestLinter, HttpResponseLinter, levels

# What is warned of and meant so:
MEANT = {
    # Of a response with status 400, whatever it says: it is the request that was bad.
    "STATUS_BAD_REQUEST",
}


def is_meant(exchange, note):
    name = type(note).__name__
    # The ranges of several parts stand in the parts, and MUST NOT stand in the head: RFC 9110, section 15.3.7.2.
    kinds = [value for name, value in exchange["response"] if name.lower() == "content-type"]
    parts = kinds and kinds[0].startswith("multipart/byteranges;")
    return name in MEANT or (name == "PARTIAL_WITHOUT_RANGE" and parts)


def pairs(fields):
    return [(name.encode(), value.encode()) for name, value in fields]


def notes(exchange):
    now = exchange["at"]
    request = HttpRequestLinter(start_time=now)
    uri = "http://h" + exchange["path"]
    request.process_request_topline(exchange["method"].encode(), uri.encode(), b"1.1")
    request.process_headers(pairs([("Host", "h")] + exchange["request"]))
    request.finish_content(True)
    response = HttpResponseLinter(start_time=now)
    response.request = request
    response.is_head_response = exchange["method"] == "HEAD"
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
        if note.level in (levels.BAD, levels.WARN) and not is_meant(exchange, note):
            asked = f"{exchange['method']} {exchange['path']} {exchange['request']}: {exchange['status']}"
            print(asked, note.level.name, type(note).__name__, note.summary)
print(count, "exchanges")
