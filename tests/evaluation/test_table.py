from rich.console import Console

from fcn_plugin.evaluation.table import print_table, results_table

METRICS = {
    "GoPro/PSNR": 31.2345,
    "GoPro/PSNR-blurry": 25.6,
    "GoPro/SSIM-matlab": 0.95125,
    "HIDE/PSNR": 29.5,
    "HIDE/PSNR-blurry": 23.9,
}


def render(metrics):
    console = Console(width=120)
    with console.capture() as capture:
        console.print(results_table(metrics))
    return capture.get()


def test_one_row_per_dataset_with_blurry_and_restored():
    rows = [line for line in render(METRICS).splitlines() if "GoPro" in line or "HIDE" in line]
    assert len(rows) == 2
    assert "25.60 → 31.23" in rows[0]
    assert "0.9513" in rows[0] or "0.9512" in rows[0]
    assert "23.90 → 29.50" in rows[1]
    assert "0." not in rows[1]  # HIDE has no SSIM here


def test_columns_are_the_metrics_by_name():
    header = next(line for line in render(METRICS).splitlines() if "dataset" in line)
    assert "PSNR (dB)" in header
    assert "SSIM-matlab" in header
    assert "blurry" not in header


def test_without_a_dataset_or_a_baseline():
    assert "30.00" in render({"PSNR": 30.0})


def test_square_brackets_in_names_are_no_markup():
    text = render({"[red]GoPro[/red]/PSNR": 30.0, "[red]GoPro[/red]/[b]": 0.5})
    assert "[red]GoPro[/red]" in text
    assert "[b]" in text


def test_printed_lines_are_not_wrapped_where_there_is_no_terminal(capsys):
    long_name = "GoPro-" * 60
    long_names = {name.replace("GoPro", long_name): value for name, value in METRICS.items()}
    print_table(long_names, "title " * 30)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == ("title " * 30).strip()
    assert any("25.60 → 31.23" in line and long_name in line for line in lines)
