#!/bin/sh
# Has podgate do what it is there for: answer every review that an API server sent to it, on both endpoints, and check
# manifests; with the policies that apply where none are named, and with all that there are. A podgate that counts what it
# does then knows what build.sh is to make fast. Fails if it does not start, does not answer or does not end in order.
#   deploy/train.sh PODGATE [TIMES]
# TIMES is how often it does so, 50 unless given.
set -eu
unset CDPATH
podgate=$(realpath "$1")
times=${2:-50}
cd "$(dirname "$0")/.."

fail() {
  echo "train: $*" >&2
  exit 1
}

folder=$(mktemp -d)
server=
end() {
  if [ -n "$server" ]; then kill -KILL "$server" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

# Answers every review so often, with the policies that are named after that.
serve() {
  often=$1
  shift
  : >"$folder/log"
  "$podgate" serve --self-signed --no-cluster --log-format=json --ca-out="$folder/ca.pem" --listen=127.0.0.1:0 \
    --admin-listen=127.0.0.1:0 --drain-delay=0s --drain-timeout=5s "$@" 2>"$folder/log" &
  server=$!
  waited=0
  until grep -q '"message":"listening"' "$folder/log"; do
    kill -0 "$server" 2>/dev/null || fail "podgate does not start: $(cat "$folder/log")"
    waited=$((waited + 1))
    [ "$waited" -le 300 ] || fail "podgate does not listen: $(cat "$folder/log")"
    sleep 0.1
  done
  address=$(sed -n 's/.*"message":"listening".*"address":"\([^"]*\)".*/\1/p' "$folder/log")
  for review in tests/fixtures/admission-reviews/*.json; do
    for endpoint in mutate validate; do
      # One connection for all of them, as an API server keeps one.
      curl -q --silent --show-error --fail --fail-early --noproxy '*' --max-time 60 --cacert "$folder/ca.pem" \
        -H 'Content-Type: application/json' -H 'Expect:' --data-binary "@$review" \
        "https://$address/$endpoint?timeout=10s&call=[1-$often]" >"$folder/answers" ||
        fail "no answer to $review from /$endpoint: $(cat "$folder/log")"
    done
  done
  kill -TERM "$server" || fail "podgate has ended: $(cat "$folder/log")"
  wait "$server" || fail "podgate does not end in order: $(cat "$folder/log")"
  server=
}

# 1 says that an object is denied.
check() {
  "$podgate" check "$@" >"$folder/answers" 2>"$folder/log" || [ $? = 1 ] || fail "podgate does not check: $(cat "$folder/log")"
}

serve "$times"
serve $((times / 5 + 1)) --policy=policies
set --
for _ in $(seq "$times"); do
  set -- "$@" tests/fixtures/test-redis.yaml deploy/podgate.yaml
done
for format in text json diff; do
  check --output="$format" "$@"
  check --output="$format" --policy=policies "$@"
done
