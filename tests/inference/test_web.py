"""The page's server, asked as a browser asks it."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from fcn_plugin.errors import InputError
from fcn_plugin.inference.images import as_rgb

gradio_client = pytest.importorskip("gradio_client")
httpx = pytest.importorskip("httpx")
pytest.importorskip("gradio")
web = pytest.importorskip("fcn_plugin.inference.web")


@pytest.fixture
def client(served, tmp_path):
    client = gradio_client.Client(
        served.address, verbose=False, analytics_enabled=False, download_files=tmp_path / "downloads"
    )
    yield client
    client.close()


@pytest.fixture
def photo(tmp_path, photograph) -> Path:
    path = tmp_path / "Ein Foto.png"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photograph).save(path, icc_profile=profile)
    return path


def restore(client, path):
    return client.predict(gradio_client.handle_file(path), api_name="/restore")


def test_the_download_is_what_the_python_api_gives(client, served, photo):
    (before, after), download, said, _ = restore(client, photo)
    expected = served.deblur(photo)
    for path in (download["value"], after):
        with Image.open(path) as restored:
            assert restored.format == "PNG"
            np.testing.assert_array_equal(np.asarray(restored), expected)
            assert restored.info["icc_profile"] == Image.open(photo).info["icc_profile"]
    np.testing.assert_array_equal(np.asarray(Image.open(before)), np.asarray(Image.open(photo)))
    assert (np.asarray(Image.open(photo)) != expected).any()
    assert Path(download["value"]).name == "Ein Foto_deblurred.png"
    assert said.startswith("52 × 40 pixels, restored in ")


def test_a_photograph_lying_on_its_side_comes_out_upright(client, served, photo):
    sideways = photo.with_suffix(".jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(photo).save(sideways, exif=exif)
    _, download, said, _ = restore(client, sideways)
    np.testing.assert_array_equal(np.asarray(Image.open(download["value"])), served.deblur(sideways))
    assert said.startswith("40 × 52 pixels")


def test_a_grey_photograph_stays_grey_with_its_profile(client, served, photo, tmp_path):
    path = tmp_path / "grey.png"
    with Image.open(photo) as image:
        profile = image.info["icc_profile"]
        of_grey = profile[:16] + b"GRAY" + profile[20:]
        image.convert("L").save(path, icc_profile=of_grey)
    (before, _), download, _, _ = restore(client, path)
    expected = served.deblur.restore(as_rgb(path)).mean(axis=2) * 255
    with Image.open(download["value"]) as restored:
        assert (restored.mode, restored.info["icc_profile"]) == ("L", of_grey)
        np.testing.assert_array_equal(restored, np.rint(expected))
    with Image.open(before) as image:
        assert (image.mode, image.info["icc_profile"]) == ("L", of_grey)
        np.testing.assert_array_equal(image, Image.open(path))


def test_a_server_that_cannot_keep_results_says_so_and_names_no_folder(client, photo, monkeypatch):
    def full(*_):
        raise InputError("/home/secret is full")

    monkeypatch.setattr(web, "write_atomically", full)
    with pytest.raises(gradio_client.exceptions.AppError, match=r"^Ein Foto.png cannot be kept, because the"):
        restore(client, photo)


def test_every_stage_is_shown(client, served, photo):
    shown = client.predict(gradio_client.handle_file(photo), api_name="/stages")
    assert [stage["caption"] for stage in shown] == ["Stage 0", "Stage 1", "Stage 2", "Stage 3, the answer"]
    images = [np.asarray(Image.open(stage["image"])) for stage in shown]
    np.testing.assert_array_equal(images[-1], served.deblur(photo))
    assert (images[0] != images[-1]).any()


@pytest.mark.parametrize(
    ("size", "mode", "sentence"),
    [
        (
            (100, 60),
            "RGB",
            r"^big.png has 100×60 pixels, more than the 0.005 megapixels allowed here: scale it",
        ),
        ((20_000, 20_000), "1", r"^big.png has far more than the 0.005 megapixels allowed here: scale it"),
    ],
)
def test_too_many_pixels_are_refused_undecoded(client, tmp_path, monkeypatch, size, mode, sentence):
    monkeypatch.setattr(web, "read_image", lambda path: pytest.fail(f"{path} was decoded"))
    path = tmp_path / "big.png"
    Image.new(mode, size).save(path)
    assert path.stat().st_size < 1e5
    with pytest.raises(gradio_client.exceptions.AppError, match=sentence):
        restore(client, path)


@pytest.mark.parametrize(
    "content", [b"no photograph", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b""]
)
def test_other_files_are_refused(client, tmp_path, content):
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    with pytest.raises(
        gradio_client.exceptions.AppError, match=r"^photo.png is no photograph that can be read here"
    ):
        restore(client, path)


def test_a_truncated_photograph_is_refused(client, photo):
    photo.write_bytes(photo.read_bytes()[:-200])
    with pytest.raises(gradio_client.exceptions.AppError, match=r"^Ein Foto.png is truncated or damaged"):
        restore(client, photo)


def test_a_large_file_is_not_taken(served):
    for size, status in ((200_000, 200), (300_000, 413)):
        answer = httpx.post(f"{served.address}gradio_api/upload", files={"files": ("photo.png", bytes(size))})
        assert answer.status_code == status


@pytest.mark.parametrize(
    "where", ["http://127.0.0.1:9/photo.png", "/etc/hostname", "data:image/png;base64,iVBORw0KGgo="]
)
def test_only_uploads_are_read(client, where):
    address = "url" if where.startswith("data:") else "path"
    with pytest.raises(gradio_client.exceptions.AppError) as refused:
        client.predict({address: where, "meta": {"_type": "gradio.FileData"}}, api_name="/restore")
    assert "Traceback" not in str(refused.value)


@pytest.mark.parametrize("api_name", ["/restore", "/stages"])
def test_photographs_of_the_server_are_not_read(client, photo, api_name):
    # gradio looks where a file lies only if the caller says that it is one, by `meta`.
    for path in (str(photo), f"{web.EXAMPLES}/../../../..{photo}", None):
        with pytest.raises(gradio_client.exceptions.AppError, match=r"^Upload the photograph itself"):
            client.predict({"path": path}, api_name=api_name)


def test_examples_are_read(client):
    example = {"path": str(min(web.EXAMPLES.glob("*.jpg"))), "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(gradio_client.exceptions.AppError, match=r"megapixels allowed here"):
        client.predict(example, api_name="/restore")


def test_files_of_the_server_are_not_served(served):
    for path in ("/etc/hostname", str(Path(__file__).resolve())):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{served.address}gradio_api/file={path}")
        assert refused.value.code in (403, 404)


def test_users_are_served_one_after_another(served, photo, tmp_path):
    photos = [photo, *(tmp_path / f"{index}.png" for index in range(3))]
    for index, path in enumerate(photos[1:]):
        Image.fromarray(np.asarray(Image.open(photo))[:, index + 1 :]).save(path)
    served.deblur.calls.clear()

    def user(path):
        client = gradio_client.Client(
            served.address, verbose=False, analytics_enabled=False, download_files=path.with_suffix("")
        )
        download = restore(client, path)[1]["value"]
        client.close()
        return np.asarray(Image.open(download))

    with ThreadPoolExecutor(len(photos)) as users:
        results = list(users.map(user, photos))
    calls = sorted(served.deblur.calls)
    assert len(calls) == len(photos)
    for (_, end), (start, _) in itertools.pairwise(calls):
        assert end <= start
    for path, result in zip(photos, results, strict=True):
        np.testing.assert_array_equal(result, served.deblur(path))


def port_of(address: str) -> int:
    return int(address.rstrip("/").rpartition(":")[2])


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="there is no IPv6")
def test_it_listens_on_ipv6(served):
    with web.open_page(served.deblur, host="::1") as address:
        assert address.startswith("http://[::1]:")
        assert b"Deblur" in urllib.request.urlopen(address).read()


@pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8 is this computer on Linux only")
def test_it_listens_where_it_is_told(served):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port_of(served.address)), timeout=5)
    with web.open_page(served.deblur, host="127.0.0.2") as address:
        with socket.create_connection(("127.0.0.2", port_of(address)), timeout=5):
            pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port_of(address)), timeout=5)


@pytest.mark.parametrize(
    ("host", "port", "where"),
    [
        ("127.0.0.1", None, r"127\.0\.0\.1:\d+"),
        ("127.0.0.1", 70_000, "127.0.0.1:70000"),
        ("127.0.0.1", -1, "127.0.0.1:-1"),
        ("192.0.2.1", None, "192.0.2.1"),  # of documentations alone
        ("no-such-host.invalid", None, "no-such-host.invalid"),
        ("a" * 70, None, "a{70}"),
    ],
)
def test_where_it_cannot_listen_is_an_error_of_one_sentence(served, capsys, host, port, where):
    port = port_of(served.address) if host == "127.0.0.1" and port is None else port
    with (
        pytest.raises(InputError, match=rf"^{where} cannot be listened on .* give another --port or --host$"),
        web.open_page(served.deblur, host, port),
    ):
        pass
    assert capsys.readouterr() == ("", "")


def test_without_gradio_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    monkeypatch.delitem(sys.modules, "fcn_plugin.inference.web")
    with pytest.raises(InputError, match=r"needs gradio, which is not installed: run `pip install gradio`"):
        import fcn_plugin.inference.web  # noqa: F401


def test_the_command_serves_until_it_is_interrupted_and_leaves_nothing(weights, tmp_path):
    command = [
        sys.executable,
        "-m",
        "fcn_plugin.inference.command",
        "--web",
        "--weights",
        weights,
        "--device",
        "cpu",
    ]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    (tmp_path / "temporary").mkdir()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        address = process.stdout.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        assert b"Deblur" in urllib.request.urlopen(address).read()
        assert list((tmp_path / "temporary").glob("fcn-deblur-*"))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert errors == ""
    assert not list((tmp_path / "temporary").glob("fcn-deblur-*"))
