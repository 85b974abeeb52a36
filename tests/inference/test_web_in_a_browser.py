"""The page in a headless Chromium, as a person uses it."""

import shutil

import numpy as np
import pytest
from PIL import Image

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        # Without its own sandbox, which containers do not allow it; it opens our page alone.
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(request, browser, served):
    """The page, open; its attribute ``requested`` lists where it asked for anything."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, is_mobile=width < 500)
    context.set_default_timeout(120_000)  # milliseconds: other tests run beside
    page = context.new_page()
    page.requested = []
    page.on("request", lambda asked: page.requested.append(asked.url))
    page.goto(served.address)
    page.get_by_text("Drop Image Here").wait_for()
    yield page
    context.close()


def restored(page):
    said = page.get_by_text("restored in")
    said.wait_for()
    with page.expect_download() as download:
        page.get_by_text("Download the result").click()
    with Image.open(download.value.path()) as image:
        return download.value.suggested_filename, np.asarray(image)


def test_upload_compare_and_download(page, served, photograph, tmp_path):
    path = tmp_path / "Ein Foto.png"
    Image.fromarray(photograph).save(path)
    page.locator("input[type=file]").first.set_input_files(path)
    name, image = restored(page)
    assert name == "Ein Foto_deblurred.png"
    np.testing.assert_array_equal(image, served.deblur(path))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    # Both halves of the slider hold their photograph.
    sizes = page.locator(".slider-wrap img").evaluate_all(
        "images => images.map(image => [image.naturalWidth, image.naturalHeight])"
    )
    assert sizes == [[52, 40], [52, 40]]

    page.get_by_text("Stage by stage").click()
    page.get_by_text("Show the predictions").click()
    page.get_by_text("Stage 3, the answer").wait_for()
    assert page.locator("#stages img").count() == 4
    captions = page.locator("#stages .caption-label")
    whole = captions.evaluate_all("all => all.map(caption => caption.scrollWidth <= caption.clientWidth)")
    assert whole == [True] * 4
    # No font, script or count of visitors comes from elsewhere.
    assert {url for url in page.requested if not url.startswith((served.address, "data:", "blob:"))} == set()


def test_what_is_refused_is_told_and_clears_the_page(page, photograph, tmp_path):
    good, large = tmp_path / "good.png", tmp_path / "large.png"
    Image.fromarray(photograph).save(good)
    Image.new("RGB", (200, 200)).save(large)
    page.locator("input[type=file]").first.set_input_files(good)
    restored(page)
    page.get_by_label("Remove Image").or_(page.get_by_label("Clear")).first.click()
    page.locator("input[type=file]").first.set_input_files(large)
    page.get_by_text("large.png has 200×200 pixels, more than the 0.005 megapixels").wait_for()
    assert page.locator(".slider-wrap img").count() == 0
    assert page.locator("#stages").get_by_text("Error").count() == 0
    assert page.get_by_text("Download the result").is_disabled()
