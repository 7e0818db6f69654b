"""The floor of memory: uvicorn and FastAPI with one WebSocket route and a dictionary of rooms, nothing else."""

import argparse
from collections import defaultdict

import orjson
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from bench import machine

app = FastAPI()
rooms: defaultdict[str, set[WebSocket]] = defaultdict(set)


@app.websocket("/ws")
async def line(socket: WebSocket) -> None:
    await socket.accept(subprotocol="odr.v1")
    asked = orjson.loads(await socket.receive_text())
    rooms[asked["room"]].add(socket)
    await socket.send_text(f'{{"t":"lines","room":"{asked["room"]}","lines":[],"from":"join"}}')
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        rooms[asked["room"]].discard(socket)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    machine.pin(machine.SERVER_CORE)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=given.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        backlog=4096,
        access_log=False,
        log_level="warning",
    )
