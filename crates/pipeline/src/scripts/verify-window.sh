#!/usr/bin/env bash
# Refuses a new version outside of the window: WINDOW_DAYS (1 is Monday), from WINDOW_FROM up to
# WINDOW_TO (HH:MM), by the clocks of WINDOW_ZONE. A return to what was served before may always go.

# shellcheck source-path=SCRIPTDIR source=calls.sh
source "${BASH_SOURCE[0]%/*}/calls.sh"

# Where a zone is unknown, clocks silently show UTC.
if [[ ! -e /usr/share/zoneinfo/$WINDOW_ZONE ]]; then
  fail "this machine has no time zone $WINDOW_ZONE, so nobody knows whether the window is open"
fi
TZ=$WINDOW_ZONE printf -v now '%(%u %H:%M %A)T' -1
read -r day time name <<<"$now"
window="$WINDOW_FROM–$WINDOW_TO on days $WINDOW_DAYS of the week ($WINDOW_ZONE)"
if [[ " $WINDOW_DAYS " == *" $day "* && ! $time < $WINDOW_FROM && $time < $WINDOW_TO ]]; then
  printf '%s\n' "it is $name, $time: new versions may go to $ENVIRONMENT"
elif [[ $RETURN == true ]]; then
  printf '%s\n' "it is $name, $time, outside of the window; $ENVIRONMENT returns to what it served before, which it always may"
else
  fail "it is $name, $time; new versions go to $ENVIRONMENT only $window. Dispatch again then."
fi
