"""Uploads in a folder and on an S3-compatible server of this machine: the same files, the same refusals."""

import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from engine.clock import Instant
from engine.database import Database
from engine.errors import Malformed, NotFound
from engine.records import uploads
from engine.settings import Settings
from engine.store import FileStore, StoreUnreachable
from tests.support.pictures import jpeg, scene

#: More than one part of a multipart upload.
LARGE = 12 * 1024 * 1024


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 server with a bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket="huying-photos")
    yield endpoint
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileStore:
    if request.param == "folder":
        return FileStore.of(str(tmp_path / "kept"), tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return FileStore.of(f"s3://huying-photos/district?endpoint={request.getfixturevalue('s3')}", tmp_path)


def test_a_file_comes_out_as_it_went_in_and_its_source_is_left_alone(kept: FileStore, tmp_path: Path) -> None:
    content = bytes(range(256)) * (LARGE // 256)
    source = tmp_path / "source"
    source.write_bytes(content)
    assert not kept.has("ab/cdef")
    kept.keep("ab/cdef", source)
    assert kept.has("ab/cdef")
    pieces = list(kept.chunks("ab/cdef"))
    assert len(pieces) > 1
    assert b"".join(pieces) == content == source.read_bytes()


def test_a_file_that_is_not_there_is_said_to_be_missing_before_anything_is_sent(kept: FileStore) -> None:
    with pytest.raises(FileNotFoundError):
        kept.chunks("ab/missing")


def test_what_lies_in_a_folder_is_listed_and_may_be_dropped(kept: FileStore) -> None:
    for name in ("drafts/7/one", "drafts/7/two", "drafts/71/other", "drafts/7/deeper/three"):
        kept.keep(name, name.encode())
    assert {(one.name, one.size) for one in kept.kept("drafts/7")} == {("one", 12), ("two", 12)}
    for _ in range(2):
        kept.drop("drafts/7/one")
    assert [one.name for one in kept.kept("drafts/7")] == ["two"]
    assert kept.kept("drafts/8") == []
    assert kept.read("drafts/71/other") == b"drafts/71/other"


def test_everything_that_is_kept_is_told_with_its_size(kept: FileStore) -> None:
    kept.keep("all/ab/one", b"1")
    kept.keep("all/two", b"22")
    assert dict(kept.every("all")) == {"all/ab/one": 1, "all/two": 2}
    assert dict(kept.every()).items() >= {"all/two": 2}.items()
    assert list(kept.every("nothing")) == []


def test_an_upload_is_kept_in_either_store_under_its_digest(sqlite_database: Database, kept: FileStore) -> None:
    content = jpeg(scene(1))
    stored = uploads.store(sqlite_database, kept, io.BytesIO(content), 1, Instant(1), name="a.jpg")
    assert kept.read(uploads.key_of(stored.sha256)) == content
    assert b"".join(uploads.pieces(kept, stored)) == content
    gone = uploads.Stored(sha256="0" * 64, media_type="image/jpeg", size=1)
    with pytest.raises(NotFound):
        uploads.pieces(kept, gone)


def test_what_is_refused_leaves_no_file_and_no_row(sqlite_database: Database, tmp_path: Path) -> None:
    kept = FileStore.of("", tmp_path)
    with pytest.raises(Malformed):
        uploads.store(sqlite_database, kept, io.BytesIO(jpeg(scene(1)) + b"<script>"), 1, Instant(1))
    assert list((tmp_path / "uploads").rglob("*")) == []
    with sqlite_database.looking() as transaction:
        assert transaction.rows("SELECT count(*) FROM upload") == [(0,)]


def test_a_store_that_does_not_answer_is_an_answer_and_nothing_is_noted(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    kept = FileStore.of("s3://huying-photos?endpoint=http://127.0.0.1:9", tmp_path)
    with pytest.raises(StoreUnreachable) as refused:
        uploads.store(sqlite_database, kept, io.BytesIO(jpeg(scene(1))), 1, Instant(1))
    assert refused.value.status == 503
    with sqlite_database.looking() as transaction:
        assert transaction.rows("SELECT count(*) FROM upload") == [(0,)]


@pytest.mark.parametrize(
    "address",
    ["ftp://host/x", "s3://", "s3://b?endpoint=minio", "s3://b?colour=red", "s3://key:secret@b/x", "s3://b?endpoint"],
)
def test_an_address_that_is_no_store_is_refused_at_the_start_without_telling_its_password(address: str) -> None:
    with pytest.raises(Malformed) as refused:
        Settings.from_environment({"HUYING_STORE": address})
    assert refused.value.place.field == "HUYING_STORE"
    assert "secret" not in str(refused.value)
