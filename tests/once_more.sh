#!/bin/sh
# Runs pytest with the given arguments, many tests at once. What failed so is run once more, by itself, and fails if it fails
# again: on a busy machine a test of durations may fail for other load, and says so in both reports.
"$@"
status=$?
[ $status -eq 1 ] || exit $status
echo
echo "Once more, each by itself: what failed among others."
exec "$@" -n 0 --last-failed --last-failed-no-failures none --exitfirst
