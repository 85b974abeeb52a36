#!/usr/bin/env bash
# Makes a virtual environment with this project, its tests' tools and other OpenMMLab toolboxes.
#
#   tools/mixing/install.sh VENV TOOLBOX…
#
# The toolboxes are mmagic, mmpretrain and mmsegmentation; any of them get along. It takes a few minutes and
# 2 GB with a CPU build of PyTorch. Where VENV exists already, it is added to. Versions are those of
# constraints.txt, here and in the project; TORCH names another PyTorch in pip's words, PYTHON another Python.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$here/../..
python=${PYTHON:-python3}

# What a toolbox imports, and what comes without its dependencies: they would ask for other versions than these.
declare -A imports=(
    [mmagic]="click einops imageio importlib_metadata pandas psutil regex requests safetensors scikit-image
        scikit-learn scipy tokenizers tqdm"
    [mmpretrain]="einops importlib_metadata mat4py matplotlib modelindex requests"
    [mmsegmentation]="ftfy matplotlib prettytable regex requests scipy"
)
declare -A alone=(
    [mmagic]="mmagic torchvision accelerate albumentations diffusers huggingface_hub lpips qudida resize-right
        transformers"
    [mmpretrain]="mmpretrain torchvision"
    [mmsegmentation]="mmsegmentation torchvision"
)

fail() {
    echo "error: $1" >&2
    exit 2
}
[ $# -ge 2 ] || fail "usage: tools/mixing/install.sh VENV TOOLBOX…, of ${!imports[*]}"
environment=$1
shift
for toolbox; do
    [ -n "${imports[$toolbox]:-}" ] || fail "no toolbox '$toolbox' is known here; choose of ${!imports[*]}"
done
"$python" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))' ||
    fail "torchvision 0.16 is for Python 3.10 and 3.11: set PYTHON to one of them"

constraints=$(mktemp)
trap 'rm -f "$constraints"' EXIT
grep -v -E '^(mmcv-lite|torch)==' "$project/constraints.txt" >"$constraints"
torch=${TORCH:-$(grep '^torch==' "$project/constraints.txt")}

[ -d "$environment" ] || "$python" -m venv "$environment"
install() {
    "$environment/bin/python" -m pip install --quiet -c "$constraints" -c "$here/constraints.txt" "$@"
}
# shellcheck disable=SC2086  # words, all of them
{
    install $torch
    needed=() bare=()
    for toolbox; do
        needed+=(${imports[$toolbox]})
        bare+=(${alone[$toolbox]})
    done
    install setuptools mmcv-lite -e "$project[test]" "${needed[@]}"
    install --no-deps "${bare[@]}"
}
"$environment/bin/python" -m pip list 2>/dev/null | grep -E '^(torch|torchvision|numpy|mm[a-z-]+) '
