#!/usr/bin/env python3
"""Makes the corpora to begin with: `seed.py CORPUS [RECORDINGS]`.

CORPUS gets a folder for each target. RECORDINGS holds exchanges with providers; without it the seeds are
those that stand here.
"""
import json
import pathlib
import sys

# Longer streams say the same more often.
MOST = 20_000

STREAM = [
    {"type": "message_start", "message": {"model": "m", "content": [], "usage": {"input_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "I look."}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block":
        {"type": "tool_use", "id": "a", "name": "look", "input": {}}},
    {"type": "content_block_delta", "index": 1, "delta":
        {"type": "input_json_delta", "partial_json": "{\"path\": \"x\"}"}},
    {"type": "content_block_stop", "index": 1},
    {"type": "content_block_start", "index": 2, "content_block":
        {"type": "tool_use", "id": "b", "name": "note", "input": {}}},
    {"type": "content_block_delta", "index": 2, "delta":
        {"type": "input_json_delta", "partial_json": "{\"text\": \"y\"}"}},
    {"type": "content_block_stop", "index": 2},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
]

OTHERS = [
    {"type": "ping"},
    {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    {"type": "content_block_start", "index": 3, "content_block": {"type": "fallback"}},
    {"type": "content_block_start", "index": 3, "content_block":
        {"type": "thinking", "thinking": "", "signature": ""}},
    {"type": "content_block_delta", "index": 3, "delta": {"type": "signature_delta", "signature": "c2ln"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"n": 1.50}}},
    {"type": "content_block_start", "index": 3, "content_block": {"type": "future", "a": "", "b": [1]}},
    {"type": "content_block_delta", "index": 3, "delta": {"type": "future_delta", "a": "x", "b": 2}},
]

ARGUMENTS = [
    '{"a": 5, "b": -1, "c": 1.5, "d": 0.25, "e": [1, 2]}',
    '{"a": "na\\u00efve", "b": ["x", "y\\n"], "c d": null, "d": "z"}',
    '{"a": {"sized": 3}, "b": {"id": 1, "label": "x", "children": [{"id": 2}]}, "c": {"k": {"l": {}}}, '
    '"d": {"7": true}, "e": [1, "x"]}',
    '{"a": {"named": {"name": "n"}}}',
    '{"a": "plain"}',
    '{"a": [1e3, {"x": {"y": null}}], "b": "\\ud83d\\ude00"}',
    " null ",
    "",
]


def events(all):
    return "".join(f"event: {data['type']}\ndata: {json.dumps(data)}\n\n" for data in all)


def inputs(value):
    """The arguments of all calls in a body, wherever they stand."""
    if isinstance(value, dict):
        if value.get("type") == "tool_use" and value.get("input"):
            yield json.dumps(value["input"])
        if isinstance(value.get("arguments"), str):
            yield value["arguments"]
        for member in value.values():
            yield from inputs(member)
    elif isinstance(value, list):
        for item in value:
            yield from inputs(item)


def recorded(folder):
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        exchange = json.loads(path.read_text(encoding="utf-8"))
        body = exchange["response"].get("body_text") or ""
        if exchange["dialect"] == "anthropic" and exchange["stream"] and len(body) <= MOST:
            yield "decoder", body
        for arguments in inputs(exchange["request"]):
            yield "arguments", arguments


def main():
    corpus = pathlib.Path(sys.argv[1])
    # A sound stream, and one with each of the others before its end.
    streams = [events(STREAM)] + [events(STREAM[:-2] + [other] + STREAM[-2:]) for other in OTHERS]
    seeds = [("decoder", stream) for stream in streams]
    seeds += [("arguments", arguments) for arguments in ARGUMENTS]
    for folder in sys.argv[2:]:
        seeds += recorded(folder)
    for target in sorted({target for target, _ in seeds}):
        texts = {text for its, text in seeds if its == target}
        (corpus / target).mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(sorted(texts)):
            (corpus / target / f"seed-{number}").write_text(text, encoding="utf-8", newline="")
        print(f"{target}: {len(texts)} seeds")


main()
