#!/usr/bin/env bash
# Takes the screens of a drill as text, 80 by 24, into docs/screens/: what a person sees, and what
# README.md shows. Run by make screens.
set -euo pipefail
cd "$(dirname "$0")/.."

state=$(mktemp -d)
session=capture-$$
trap 'tmux kill-session -t $session 2>/dev/null || true; rm -rf "$state"' EXIT
mkdir -p docs/screens

shot() { tmux capture-pane -p -t "$session" | sed 's/[[:space:]]*$//' >"docs/screens/$1.txt"; }
see() { # see SECONDS TEXT: wait until the screen holds TEXT
  for _ in $(seq $(($1 * 5))); do
    tmux capture-pane -p -t "$session" | grep -qF "$2" && return
    sleep 0.2
  done
  echo "capture: \"$2\" did not appear; the screen was:" >&2
  tmux capture-pane -p -t "$session" >&2
  exit 1
}

tmux new-session -d -s "$session" -x 80 -y 24 "XDG_STATE_HOME=$state bin/mastodon-restore drill"
see 60 sound
sleep 1
shot set
tmux send-keys -t "$session" Enter
see 60 "scheduled-posts"
see 60 "go on"
shot preflight
tmux send-keys -t "$session" Enter
see 30 "To go on, type"
shot plan
tmux send-keys -t "$session" practice.example
see 10 "> practice.example"
tmux send-keys -t "$session" Enter
see 120 "indexes"
sleep 2
shot running
see 180 "is open again"
shot done
