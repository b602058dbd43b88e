#!/bin/sh
# skipped.sh FILE: lists the tests that did not run, grouped by reason. tests/support/skip.rs writes
# FILE.
set -eu

[ -s "$1" ] || { echo 'No test was skipped.'; exit 0; }
echo "$(wc -l <"$1") tests did not run, though they count as passed:"
sort "$1" | awk -F '\t' '
    $1 != reason { print "  " $1 ":"; reason = $1 }
    { print "      " $2 }'
