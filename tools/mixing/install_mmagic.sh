#!/usr/bin/env bash
# Makes a virtual environment with MMagic and this project: tools/mixing/install_mmagic.sh [VENV]
exec "$(dirname "${BASH_SOURCE[0]}")/install.sh" "${1:-.venv-mmagic}" mmagic
