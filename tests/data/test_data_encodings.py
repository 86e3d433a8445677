"""Texts in any encoding."""

from __future__ import annotations

import contextlib
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minas.data import encodings
from minas.errors import DataError

SAID = {
    "cp1252": "Ein schöner Film, der größtenteils überzeugt. C'était très réussi, où est le problème ? El niño soñó mañana.",
    "cp1250": "To był świetny film, bardzo mi się podobał. Příliš žluťoučký kůň úpěl ďábelské ódy. Żółta łódka płynie.",
    "cp1254": "Bu film çok güzeldi, ışıklar ve şarkılar mükemmel. İstanbul'da çekilmiş, ağaçlar değişmiş.",  # noqa: RUF001
    "cp1251": "Отличный фильм, мне очень понравилось. Актёры играют прекрасно, но сюжет слабый.",
    "koi8-r": "Отличный фильм, мне очень понравилось. Актёры играют прекрасно, но сюжет слабый.",
    "cp1253": "Πολύ καλή ταινία, μου άρεσε πολύ. Οι ηθοποιοί ήταν εξαιρετικοί.",  # noqa: RUF001
    "cp1255": "סרט מצוין, נהניתי מאוד. השחקנים היו נפלאים.",
    "cp1256": "فيلم رائع جدا وقد استمتعت به كثيرا. الممثلون كانوا ممتازين.",
    "cp932": "とても良い映画でした。俳優の演技も素晴らしいと思います。もう一度見たいです。",
    "euc-jp": "とても良い映画でした。俳優の演技も素晴らしいと思います。もう一度見たいです。",
    "gb18030": "这部电影非常好看,演员的表演很精彩。我很喜欢故事情节,推荐大家去看。",
    "big5": "這部電影非常好看,演員的表演很精彩。我很喜歡故事情節,推薦大家去看。",
    "cp949": "정말 좋은 영화였습니다. 배우들의 연기가 훌륭하고 이야기도 재미있어요.",
}
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", SAID)
def test_a_code_page_is_told_by_its_words(encoding):
    assert encodings.decoded([SAID[encoding].encode(encoding)], "here") == [SAID[encoding]]


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("text", SAID.values())
def test_unicode_is_recognised(encoding, text):
    assert encodings.decoded([f"{text}\n".encode(encoding)], "here") == [f"{text}\n"]


def test_each_file_may_be_unicode_and_the_others_share_a_code_page():
    contents = ["Größe".encode(), "Größe ".encode("utf-16"), "Größe".encode("cp1252"), SAID["cp1252"].encode("cp1252"), b""]
    assert encodings.decoded(contents, "here") == ["Größe", "Größe ", "Größe", SAID["cp1252"], ""]


@given(st.text())
@settings(max_examples=200)
def test_utf_8_comes_back(text):
    text = text.replace("\0", "").removeprefix("\ufeff").encode("utf-8", "ignore").decode()
    assert encodings.decoded([text.encode()], "here") == [text]


@given(st.lists(st.binary(max_size=60), max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_texts_or_refused(contents):
    with contextlib.suppress(DataError):
        assert len(encodings.decoded(contents, "here")) == len(contents)


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(DataError, match="here: bytes that are no text"):
        encodings.decoded([b"\x89PNG\r\n\0\0\0\xff\xff\xff"], "here")


def test_files_are_read_zipped_or_not_and_bounded(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(b"content"))
    assert encodings.read(path) == b"content"
    path.write_bytes(b"content")
    assert encodings.read(path) == b"content"
    path.write_bytes(gzip.compress(bytes(range(100)))[:-40])
    with pytest.raises(DataError, match="can't be unzipped"):
        encodings.read(path)
    monkeypatch.setattr(encodings, "LARGEST", 100)
    path.write_bytes(gzip.compress(bytes(101)))
    with pytest.raises(DataError, match="more than 100 bytes"):
        encodings.read(path)
