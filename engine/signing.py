"""Keys that sign seals: Ed25519, the private one in a file of its own that only its owner reads."""

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from engine.errors import Malformed, Place

#: Stands before what is signed, so that no signature made here means anything elsewhere.
_LABEL = b"huying/seal/1\n"
_PRIVATE = 0o600
_OTHERS = 0o077


class Key:
    """A private key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def make(cls, path: Path) -> "Key":
        """A new key in a file that is not there yet, readable by its owner only. Errors: `Malformed`."""
        key = cls(Ed25519PrivateKey.generate())
        pem = key._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Never over a key that is there: what it signed could not be continued.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
                file.write(pem)
        except FileExistsError as failure:
            raise Malformed(
                "已有密钥；换钥请用 --rotate", "there is a key already; to change it use --rotate", place=_at(path)
            ) from failure
        except OSError as failure:
            raise Malformed("无法写入密钥", f"the key cannot be written: {failure}", place=_at(path)) from failure
        return key

    @classmethod
    def load(cls, path: Path) -> "Key":
        """The key in a file. Errors: `Malformed` if there is none, if it is no such key, or if others may read it."""
        try:
            if os.name == "posix" and path.stat().st_mode & _OTHERS:
                raise Malformed(
                    "密钥文件他人可读，请 chmod 600",
                    "others may read the key file; chmod 600 it",
                    place=_at(path),
                )
            private = load_pem_private_key(path.read_bytes(), password=None)
        except FileNotFoundError as failure:
            raise Malformed(
                "没有封存密钥，请先运行 huying seal key", "there is no key; run huying seal key first", place=_at(path)
            ) from failure
        except (OSError, ValueError, TypeError) as failure:
            raise Malformed("密钥文件无法读取", f"the key file cannot be read: {failure}", place=_at(path)) from failure
        if not isinstance(private, Ed25519PrivateKey):
            raise Malformed("密钥不是 Ed25519", "the key is not an Ed25519 key", place=_at(path))
        return cls(private)

    @property
    def public(self) -> str:
        """The public half, base64."""
        return base64.b64encode(self._private.public_key().public_bytes_raw()).decode()

    def sign(self, text: str) -> str:
        """The signature over a text, base64."""
        return base64.b64encode(self._private.sign(_LABEL + text.encode())).decode()


def key_id(public: str) -> str:
    """Sixteen signs by which people tell public keys apart."""
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def signed(public: str, text: str, signature: str) -> bool:
    """Whether a signature over a text was made with the private half of a public key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), _LABEL + text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_keys(lines: Iterable[str]) -> frozenset[str]:
    """The public keys of a file: one a line, as its last word; lines with # are remarks. Errors: `Malformed`."""
    found = set()
    for number, line in enumerate(lines, start=1):
        words = line.split("#")[0].split()
        if not words:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(base64.b64decode(words[-1], validate=True))
        except (binascii.Error, ValueError) as failure:
            raise Malformed("不是公钥", "this is no public key", place=Place(row=number)) from failure
        found.add(words[-1])
    return frozenset(found)


def _at(path: Path) -> Place:
    return Place(file=str(path))
