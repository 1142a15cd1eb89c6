"""Huying over HTTP: a JSON API for programs and server-rendered pages for people, both at the same door."""
