import json

from fcn_plugin.engine.scalars import read_scalars


def write(folder, name, entries, cut=""):
    path = folder / name / "vis_data" / "scalars.json"
    path.parent.mkdir(parents=True)
    path.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries) + cut)


def trained(step, ratio):
    return {"ratio_0": ratio, "epoch": 1, "iter": step, "step": step}


def test_what_a_resumed_run_did_again_counts(tmp_path):
    first = [trained(20, 0.5), trained(40, 0.4), {"pairs/PSNR": 25.0, "step": 1}, trained(60, 0.3)]
    write(tmp_path, "20260101_000000", first, cut='{"ratio_0": 0.2, "iter": 80, "st')
    again = [trained(50, 0.39), trained(70, 0.29), {"pairs/PSNR": 26.0, "step": 2}]
    write(tmp_path, "20260102_000000", again)
    training, validations = read_scalars(tmp_path)
    assert [(entry["step"], entry["ratio_0"]) for entry in training] == [
        (20, 0.5),
        (40, 0.4),
        (50, 0.39),
        (70, 0.29),
    ]
    assert [entry["pairs/PSNR"] for entry in validations] == [25.0, 26.0]


def test_a_folder_without_logs_has_none(tmp_path):
    assert read_scalars(tmp_path) == ([], [])
