#!/usr/bin/env bash
# Says what serves, after a run that did not succeed.

# shellcheck source-path=SCRIPTDIR source=service.sh
source "${BASH_SOURCE[0]%/*}/service.sh"

say_what_serves
