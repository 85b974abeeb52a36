"""Figure 6 as one HTML page that needs nothing else: any two methods under a slider, and the crops."""

import base64
import html
import io
import json
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fcn_plugin.plots.style import line_looks

from .visual_comparison import Scene


def scenes_page(scenes: Sequence[Scene], title: str = "Visual comparison") -> str:
    """The page's text, with every picture in it, without loss."""
    data = [
        {
            "key": scene.key,
            "images": [
                {"name": name, "psnr": _decibels(scene.psnr.get(name)), "source": data_address(image)}
                for name, image in scene.images.items()
            ],
            "crops": [
                {**crop._asdict(), "look": " ".join(look)}
                for crop, look in zip(scene.crops, line_looks(), strict=False)
            ],
        }
        for scene in scenes
    ]
    # A name with "</script>" in it must not end the script.
    content = json.dumps(data).replace("<", "\\u003c")
    return PAGE.replace("TITLE", html.escape(title)).replace("SCENES", content)


def data_address(image: np.ndarray) -> str:
    """An image (height, width, 3), RGB, uint8 as an address that holds all of it."""
    content = io.BytesIO()
    Image.fromarray(image).save(content, "WEBP", lossless=True)
    return f"data:image/webp;base64,{base64.b64encode(content.getvalue()).decode()}"


def _decibels(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} dB"


PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TITLE</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; color: #222; }
body { margin: 1.5rem auto; max-width: 1280px; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; font-weight: 600; }
.controls { display: flex; justify-content: space-between; gap: 1rem; margin-bottom: .4rem; }
select { font: inherit; padding: .15rem .3rem; }
.stage { position: relative; overflow: hidden; cursor: ew-resize; touch-action: pan-y; background: #ddd; }
.stage img { display: block; width: 100%; height: auto; user-select: none; -webkit-user-drag: none; }
.stage .over { position: absolute; inset: 0; }
.stage .line { position: absolute; top: 0; bottom: 0; width: 2px; }
.stage .line { background: #fff; box-shadow: 0 0 3px #000; }
.stage .frame { position: absolute; box-sizing: border-box; pointer-events: none; }
input[type=range] { width: 100%; margin: .3rem 0 .8rem; }
.crops { display: grid; gap: 6px; overflow-x: auto; }
.crops figure { margin: 0; cursor: pointer; }
.crops canvas { display: block; width: 100%; box-sizing: border-box; }
.crops canvas { image-rendering: pixelated; }
.crops figcaption { text-align: center; font-size: .85rem; }
p { margin: .3rem 0; }
</style>
</head>
<body>
<h1>TITLE</h1>
<p>Drag over a picture, or move its slider, to wipe between two methods. A click on a crop puts its method on
the right. PSNR is of the whole picture.</p>
<noscript><p>The pictures are shown by JavaScript, which is switched off.</p></noscript>
<main></main>
<script>
const scenes = SCENES;

function element(parent, tag, properties = {}) {
  return parent.appendChild(Object.assign(document.createElement(tag), properties));
}

function caption(image) {
  return image.psnr ? `${image.name}, ${image.psnr}` : image.name;
}

function show(scene) {
  const section = element(document.querySelector("main"), "section");
  element(section, "h2", {textContent: scene.key});
  const controls = element(section, "div", {className: "controls"});
  const choices = ["left", "right"].map((side) => {
    const choice = element(controls, "select", {ariaLabel: side});
    scene.images.forEach((image, value) => element(choice, "option", {value, textContent: caption(image)}));
    return choice;
  });
  const stage = element(section, "div", {className: "stage"});
  const right = element(stage, "img", {alt: ""});
  const left = element(stage, "img", {alt: "", className: "over"});
  const line = element(stage, "div", {className: "line"});
  const slider = element(section, "input", {type: "range", step: 0.1, value: 50, ariaLabel: "wipe"});

  function wipe() {
    left.style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`;
    line.style.left = `calc(${slider.value}% - 1px)`;
  }
  function choose() {
    left.src = scene.images[choices[0].value].source;
    right.src = scene.images[choices[1].value].source;
  }
  function drag(event) {
    if (event.type === "pointermove" && !event.buttons) return;
    const box = stage.getBoundingClientRect();
    slider.value = 100 * (event.clientX - box.left) / box.width;
    wipe();
  }
  choices.forEach((choice) => choice.addEventListener("change", choose));
  slider.addEventListener("input", wipe);
  stage.addEventListener("pointerdown", drag);
  stage.addEventListener("pointermove", drag);
  choices[0].value = 0;
  choices[1].value = Math.max(scene.images.length - 2, 0);
  choose();
  wipe();

  const grid = element(section, "div", {className: "crops"});
  grid.style.gridTemplateColumns = `repeat(${scene.images.length}, minmax(110px, 1fr))`;
  const loaded = scene.images.map((image) => Object.assign(new Image(), {src: image.source}));
  loaded[0].decode().then(() => {
    for (const crop of scene.crops) {
      const frame = element(stage, "div", {className: "frame"});
      frame.style.border = `2px ${crop.look}`;
      frame.style.left = `${100 * crop.x / loaded[0].width}%`;
      frame.style.top = `${100 * crop.y / loaded[0].height}%`;
      frame.style.width = `${100 * crop.width / loaded[0].width}%`;
      frame.style.height = `${100 * crop.height / loaded[0].height}%`;
    }
  });
  scene.crops.forEach((crop, row) => scene.images.forEach((image, index) => {
    const figure = element(grid, "figure");
    if (row === 0) element(figure, "figcaption", {textContent: image.name});
    const canvas = element(figure, "canvas", {width: crop.width, height: crop.height});
    canvas.style.border = `3px ${crop.look}`;
    if (row === scene.crops.length - 1) element(figure, "figcaption", {textContent: image.psnr});
    figure.addEventListener("click", () => { choices[1].value = index; choose(); });
    const source = [crop.x, crop.y, crop.width, crop.height];
    loaded[index].decode().then(() =>
      canvas.getContext("2d").drawImage(loaded[index], ...source, 0, 0, crop.width, crop.height));
  }));
}

scenes.forEach(show);
</script>
</body>
</html>
"""
