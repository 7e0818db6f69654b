"""notices: HTML routes."""

from fastapi import APIRouter

router = APIRouter()
