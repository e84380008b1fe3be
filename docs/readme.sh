#!/usr/bin/env bash
# Puts the captured screens of docs/screens into README.md, between the marks that name them.
set -euo pipefail
cd "$(dirname "$0")/.."
awk '
  /^<!-- screen: / { print; name = $3; print "```"; file = "docs/screens/" name ".txt"
    while ((getline line < file) > 0) print line
    print "```"; skipping = 1; next }
  /^<!-- end -->/ { skipping = 0 }
  !skipping { print }
' README.md >README.md.new && mv README.md.new README.md
