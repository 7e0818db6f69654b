"""A client that never reads."""

import socket


def deaf(port: int, token: str, room: str, address: str = "127.0.0.1") -> socket.socket:
    """A socket that joins a room and never reads again; the caller closes it."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.connect(("127.0.0.1", port))
    found.sendall(
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: odr.v1\r\n"
        f"Authorization: Bearer {token}\r\nX-Forwarded-For: {address}\r\n\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += found.recv(1)
    asked = f'{{"t":"join","room":"{room}"}}'.encode()
    found.sendall(bytes([0x81, 0x80 | len(asked), 0, 0, 0, 0]) + asked)  # a mask of zeros is a mask
    return found
