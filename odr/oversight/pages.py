"""oversight: HTML routes."""

from fastapi import APIRouter

router = APIRouter()
