# Every exchange of a file goes through httplint; what it finds bad or warns of is printed, a line for each.
import json
import sys

from httplint import HttpRequestLinter, HttpResponseLinter, levels

# The whole of what httplint says of an answer with one of these statuses, whatever stands in it: that the request was
# refused, which is what it was sent for. It must say that and nothing else.
REFUSALS = {
    400: "STATUS_BAD_REQUEST",
    414: "STATUS_URI_TOO_LONG",
    505: "STATUS_VERSION_NOT_SUPPORTED",
}


def kind(exchange):
    return next((value for name, value in exchange["response"] if name.lower() == "content-type"), "")


def apart(exchange):
    """The answers that httplint can judge. It knows nothing of several parts in one 206, and misses the Content-Range
    that MUST NOT stand in front of them (RFC 9110, section 15.3.7.2): so each part is judged as the 206 that it would be
    alone, and what is around them as a content like any other. And it looks for a picture in what is said to be a film:
    that is judged without its content, as an answer to HEAD."""
    start = "multipart/byteranges; boundary="
    if kind(exchange).startswith(("audio/", "video/")):
        exchange = exchange | {"is_head": True, "content": ""}
    if exchange["status"] != 206 or not kind(exchange).startswith(start):
        yield exchange
        return
    yield exchange | {"status": 200}
    mark = b"--" + kind(exchange).removeprefix(start).encode()
    around = [field for field in exchange["response"] if field[0].lower() not in ("content-type", "content-length")]
    between, *parts, end = (b"\r\n" + bytes.fromhex(exchange["content"])).split(b"\r\n" + mark)
    assert not between and len(parts) > 1 and end.startswith(b"--"), parts
    for part in parts:
        head, content = part.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)
        own = [line.decode().split(": ", 1) for line in head.split(b"\r\n")]
        own.append(["Content-Length", str(len(content))])
        yield exchange | {"response": around + own, "content": content.hex()}


def pairs(fields):
    return [(name.encode(), value.encode()) for name, value in fields]


def asked(exchange):
    """What was asked; None where that was no request, or several."""
    if exchange["method"] is None:
        return None
    request = HttpRequestLinter(start_time=exchange["at"])
    path = exchange["path"].removeprefix("*")
    uri = path if path.startswith("http:") else "http://h" + path
    request.process_request_topline(exchange["method"].encode(), uri.encode(), b"1.1")
    request.process_headers(pairs([("Host", "h")] + exchange["request"]))
    request.finish_content(True)
    return request


def notes(exchange):
    response = HttpResponseLinter(start_time=exchange["at"])
    response.request = asked(exchange)
    response.is_head_response = exchange["is_head"]
    response.process_response_topline(b"1.1", str(exchange["status"]).encode(), b"phrase")
    response.process_headers(pairs(exchange["response"]))
    response.feed_content(bytes.fromhex(exchange["content"]))
    response.finish_content(True)
    for note in response.notes:
        yield note
        yield from note.subnotes


def found(exchange):
    serious = {type(note).__name__: note for note in notes(exchange) if note.level in (levels.BAD, levels.WARN)}
    refusal = REFUSALS.get(exchange["status"])
    if refusal and not serious.pop(refusal, None):
        yield f"{refusal} is said no more"
    for name, note in serious.items():
        yield f"{note.level.name} {name} {note.summary}"


count = 0
for line in open(sys.argv[1]):
    exchange = json.loads(line)
    count += 1
    for part in apart(exchange):
        for sentence in found(part):
            print(exchange["method"], exchange["path"][:80], exchange["request"], exchange["status"], sentence)
print(count, "exchanges")
