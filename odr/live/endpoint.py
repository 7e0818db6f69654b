"""The WebSocket endpoint `/ws`."""

from fastapi import APIRouter

router = APIRouter()
